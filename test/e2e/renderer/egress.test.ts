import { expect, test } from 'vitest'
import type { BridgeState } from '../../../src/shared/state/bridge-state.ts'
import type { TunnelState } from '../../../src/shared/state/egress.ts'
import { DAY_MS } from '../../../src/shared/util/days.ts'
import type { FakeBridgeApi } from '../../support/fake-bridge-api.ts'
import { makeBusyState, makeDashboardApi } from '../../support/make-dashboard.ts'
import { makeTunnels } from '../../support/make-tunnel.ts'
import { seriousFindings } from '../../support/open-renderer.ts'
import { rendererPages } from './renderer-pages.ts'

const pages = rendererPages()

const now = (): number => Date.now()

function apiWith(tunnel: TunnelState, change: Partial<BridgeState> = {}): FakeBridgeApi {
  return makeDashboardApi(makeBusyState(now(), { egress: { use: 'mtls', tunnel }, ...change }), now())
}

test('a proxy that goes out by itself is a word on this computer and nothing more', async () => {
  const { page } = await pages.open(makeDashboardApi(makeBusyState(now()), now()))
  await page.getByText('Proxy: direct', { exact: true }).waitFor()
  await expect.poll(() => page.getByRole('heading', { name: 'mTLS tunnel' }).count()).toBe(0)
  await expect.poll(() => page.getByRole('region', { name: 'Proxy and tunnel' }).count()).toBe(0)
})

test('a tunnel that wakes shows its stage, how long it takes, and who waits for it', async () => {
  const { page } = await pages.open(apiWith(makeTunnels(now()).waking))
  const path = page.getByRole('region', { name: 'The path' })
  await path.getByRole('heading', { name: 'mTLS tunnel' }).waitFor()
  await expect.poll(() => path.getByText('Proxy: through the tunnel').count()).toBe(1)
  await expect.poll(() => path.getByText('3 requests wait').count()).toBe(1)
  const card = page.getByRole('region', { name: 'Proxy and tunnel' })
  await expect.poll(() => card.getByText('Getting a machine').count()).toBe(1)
  await card.getByText(/^1\d s of usually 48 s$/).waitFor()
  expect(Number(await card.getByRole('meter').getAttribute('aria-valuenow'))).toBeGreaterThanOrEqual(25)
})

test('a connected tunnel shows its server, and what that has cost as an estimate', async () => {
  const { page } = await pages.open(apiWith(makeTunnels(now()).connected))
  const card = page.getByRole('region', { name: 'Proxy and tunnel' })
  await card.getByText('203.0.113.7:8443').waitFor()
  const text = (await card.innerText()).replaceAll(/\s+/g, ' ')
  expect(text).toContain('Protocol HTTP/2')
  expect(text).toContain('Server runs for 39 min')
  expect(text).toContain('Cost so far ~$0.01 (estimate)')
  expect(text).toContain('Estimate: list price of AWS Fargate in us-east-1')
  expect(text).toMatch(/Stops at the latest in 1[34] min/)
})

test('a provider without a price makes the cost unknown, and a server of nobody is without cost', async () => {
  const { connected } = makeTunnels(now())
  const api = apiWith({ ...connected, running: { since: now(), costUsd: undefined, stopsAt: undefined } })
  const { page } = await pages.open(api)
  const card = page.getByRole('region', { name: 'Proxy and tunnel' })
  await card.getByText('Cost so far').waitFor()
  await expect.poll(() => card.innerText()).toMatch(/Cost so far\s+unknown/)
  await expect.poll(() => card.getByText('$').count()).toBe(0)
  api.publish({ egress: { use: 'mtls', tunnel: { ...connected, running: undefined } } })
  await card.getByText('Cost so far').waitFor({ state: 'detached' })
})

test.each([
  [71, 'good for 71 days'],
  [12, 'ends in 12 days'],
  [1, 'ends in 1 day'],
  [0, 'ends within a day'],
  [-1, 'has expired'],
])('the certificate of this computer that has %i whole days left', async (days, words) => {
  const certificateEndsAt = now() + (days + 0.5) * DAY_MS
  const egress = { use: 'mtls', tunnel: makeTunnels(now()).asleep, certificateEndsAt } as const
  const { page } = await pages.open(apiWith(egress.tunnel, { egress }))
  const card = page.getByRole('region', { name: 'Proxy and tunnel' })
  await card.getByText('Own certificate').waitFor()
  expect((await card.innerText()).replaceAll(/\s+/g, ' ')).toContain(`Own certificate ${words}`)
})

test('a tunnel that failed says once why and what to do, and can be tried again', async () => {
  const api = apiWith(makeTunnels(now()).failed)
  const { page } = await pages.open(api)
  const wrong = page.getByRole('region', { name: 'What is wrong now' })
  await wrong.getByText('The tunnel of the proxy does not work').waitFor()
  await expect.poll(() => wrong.getByText('sovereign certs issue').count()).toBe(1)
  await wrong.getByRole('button', { name: 'Retry now' }).click()
  await expect.poll(() => api.calls).toContainEqual(['retryNow', { target: 'tunnel' }])
})

test.each([
  ['light', 1200, false],
  ['dark', 360, true],
] as const)('axe finds nothing serious in any phase in %s, %d px wide', async (_look, width, isDark) => {
  const tunnels = makeTunnels(now())
  const api = apiWith(tunnels.off)
  const { page, complaints } = await pages.open(api, { width, isDark })
  await page.getByRole('region', { name: 'The path' }).waitFor()
  const certificateEndsAt = now() + 12 * DAY_MS
  for (const tunnel of Object.values(tunnels)) {
    const { revision } = api.publish({ egress: { use: 'mtls', tunnel, certificateEndsAt } })
    expect(revision).toBeGreaterThan(0)
    const region = page.getByRole('region', { name: 'Proxy and tunnel' })
    await expect.poll(() => region.innerText()).toContain(WORDS[tunnel.phase])
    expect(await seriousFindings(page), tunnel.phase).toEqual([])
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth'), tunnel.phase).toBe(0)
  }
  expect(complaints).toEqual([])
})

const WORDS: Readonly<Record<TunnelState['phase'], string>> = {
  off: 'Not connected',
  asleep: 'Asleep',
  waking: 'Waking',
  connecting: 'Connecting',
  connected: 'Connected',
  reconnecting: 'Connecting again',
  draining: 'Finishing answers',
  killing: 'Stopping the server',
  failed: 'Failed',
}
