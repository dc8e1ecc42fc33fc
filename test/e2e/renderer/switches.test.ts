import { expect, test } from 'vitest'
import { AppError } from '../../../src/shared/errors/app-error.ts'
import type { BridgeState } from '../../../src/shared/state/bridge-state.ts'
import { makeBusyState, makeDashboardApi, makeFailure } from '../../support/make-dashboard.ts'
import { makeTunnels } from '../../support/make-tunnel.ts'
import { seriousFindings } from '../../support/open-renderer.ts'
import { rendererPages } from './renderer-pages.ts'

const pages = rendererPages()

const now = (): number => Date.now()

test('the relay is switched off and on beside the path, and that is no trouble', async () => {
  const state = makeBusyState(now())
  const api = makeDashboardApi(state, now())
  const { page } = await pages.open(api)
  await page.getByRole('button', { name: 'Switch the relay off' }).click()
  await expect.poll(() => api.calls).toContainEqual(['setRelayEnabled', { enabled: false }])
  const cause = makeFailure('relay.switched-off', 'The relay is switched off.')
  const link = { phase: 'failed', since: now(), cause } as const
  api.publish({ relay: { ...state.relay, link, health: { kind: 'unknown' } } })
  await page.getByRole('heading', { level: 1, name: 'The relay is switched off' }).waitFor()
  await expect.poll(() => page.getByText('Connected', { exact: true }).count()).toBeGreaterThan(0)
  expect(await seriousFindings(page)).toEqual([])
  const wrong = page.getByRole('region', { name: 'What is wrong now' })
  await expect.poll(() => wrong.getByText('Nobody gets to the relay').count()).toBe(1)
  await wrong.getByRole('button', { name: 'Switch on', exact: true }).click()
  await expect.poll(() => api.calls).toContainEqual(['retryNow', { target: 'relay' }])
  await page.getByRole('button', { name: 'Switch the relay on' }).click()
  await expect.poll(() => api.calls).toContainEqual(['setRelayEnabled', { enabled: true }])
})

test('nothing can be switched while nobody wants a connection', async () => {
  const { page } = await pages.open(makeDashboardApi(makeBusyState(now(), { wanted: 'disconnected' }), now()))
  await page.getByRole('heading', { level: 1, name: 'Disconnected' }).waitFor()
  await expect.poll(() => page.getByRole('button', { name: /the relay (?:on|off)$/ }).count()).toBe(0)
})

test('a tunnel server is woken and let sleep in its card, and told why it does not wake', async () => {
  const tunnels = makeTunnels(now())
  const egressAt = (phase: keyof typeof tunnels): BridgeState['egress'] => ({
    ...{ use: 'mtls', control: 'aws' },
    tunnel: tunnels[phase],
  })
  const api = makeDashboardApi(makeBusyState(now(), { egress: egressAt('asleep') }), now())
  api.answer('setTunnelAwake', ({ awake }: { readonly awake: boolean }) => {
    if (awake) throw new AppError('control.refused', 'AWS refuses the signature.')
  })
  const { page } = await pages.open(api)
  const card = page.getByRole('region', { name: 'Proxy and tunnel' })
  await card.getByRole('button', { name: 'Wake now' }).click()
  await card.getByText('AWS refuses the signature.').waitFor()
  api.publish({ egress: egressAt('connected') })
  await card.getByRole('button', { name: 'Let it sleep' }).click()
  await expect.poll(() => api.calls).toContainEqual(['setTunnelAwake', { awake: false }])
  api.publish({ egress: egressAt('killing') })
  await card.getByText('Seen through until the provider says that it has stopped.').waitFor()
  await expect.poll(() => card.getByRole('button').count()).toBe(0)
})
