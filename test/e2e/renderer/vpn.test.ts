import { expect, test } from 'vitest'
import { AppError } from '../../../src/shared/errors/app-error.ts'
import type { VpnState } from '../../../src/shared/state/vpn.ts'
import type { FakeBridgeApi } from '../../support/fake-bridge-api.ts'
import { makeBusyState, makeDashboardApi } from '../../support/make-dashboard.ts'
import { makeVpns } from '../../support/make-vpn.ts'
import { seriousFindings } from '../../support/open-renderer.ts'
import { rendererPages } from './renderer-pages.ts'

const pages = rendererPages()

const now = (): number => Date.now()
const apiWith = (vpn: VpnState): FakeBridgeApi => makeDashboardApi(makeBusyState(now(), { vpn }), now())
const CARD = { name: 'VPN', exact: true }

test('a profile without a tunnel has no card', async () => {
  const { page } = await pages.open(apiWith({ kind: 'off' }))
  await page.getByRole('region', { name: 'Ollama' }).waitFor()
  await expect.poll(() => page.getByRole('region', CARD).count()).toBe(0)
})

test('a tunnel that is up shows its router, its handshake and the last verify, and goes down on a click', async () => {
  const api = apiWith(makeVpns(now()).up)
  const { page } = await pages.open(api)
  const card = page.getByRole('region', CARD)
  await card.getByText('203.0.113.20:51820').waitFor()
  const text = (await card.innerText()).replaceAll(/\s+/g, ' ')
  expect(text).toMatch(/Last handshake 4\d s ago/)
  expect(text).toContain('all 38 as the policy says, 6 cannot be told from here · 3 h ago, as vpn')
  await card.getByRole('button', { name: 'Bring down' }).click()
  await expect.poll(() => api.calls).toContainEqual(['setVpn', { to: 'down' }])
})

test('a router without a handshake for minutes is said to be silent, and what is hidden is not', async () => {
  const api = apiWith(makeVpns(now()).silent)
  const { page } = await pages.open(api)
  const card = page.getByRole('region', CARD)
  await card.getByText('The router is silent').waitFor()
  await expect.poll(() => card.getByText('or the key of this computer was revoked').count()).toBe(1)
  api.publish({ vpn: makeVpns(now()).hidden })
  await card.getByText('not shown to this user').waitFor()
  await expect.poll(() => card.getByText('The router is silent').count()).toBe(0)
})

test('a tunnel that is down is named among what is wrong, and comes up from there', async () => {
  const api = apiWith(makeVpns(now()).down)
  const { page } = await pages.open(api)
  const wrong = page.getByRole('region', { name: 'What is wrong now' })
  await wrong.getByText('The VPN home is down').waitFor()
  await wrong.getByRole('button', { name: 'Bring up' }).click()
  await expect.poll(() => api.calls).toContainEqual(['setVpn', { to: 'up' }])
  api.publish({ vpn: makeVpns(now()).changing })
  await page.getByRole('region', CARD).getByText('Going up').waitFor()
  await expect.poll(() => page.getByRole('region', { name: 'What is wrong now' }).count()).toBe(0)
})

test('what the system refuses is said with its remedy', async () => {
  const api = apiWith(makeVpns(now()).down)
  api.answer('setVpn', () => {
    throw new AppError('vpn.not-allowed', '"home" could not be brought up: nmcli failed: Not authorized.')
  })
  const { page } = await pages.open(api)
  const card = page.getByRole('region', CARD)
  await card.getByRole('button', { name: 'Bring up' }).click()
  await card.getByRole('alert').getByText('vpn.not-allowed').waitFor()
})

test('a tunnel that cannot be looked at tells why, and axe finds nothing serious in any state', async () => {
  const states = makeVpns(now())
  const api = apiWith(states.failing)
  const { page } = await pages.open(api)
  const card = page.getByRole('region', CARD)
  await card.getByText('The tunnel cannot be looked at').waitFor()
  await card.getByRole('button', { name: 'Check again' }).click()
  await expect.poll(() => api.calls).toContainEqual(['lookAtVpn', {}])
  for (const vpn of Object.values(states)) {
    api.publish({ vpn })
    expect(await seriousFindings(page)).toEqual([])
  }
})
