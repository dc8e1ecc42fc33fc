import type { BridgeState } from '../../src/shared/state/bridge-state.ts'
import type { TunnelState } from '../../src/shared/state/egress.ts'
import { DAY_MS } from '../../src/shared/util/days.ts'
import type { FakeBridgeApi } from '../../test/support/fake-bridge-api.ts'
import {
  makeBusyState,
  makeDashboardApi,
  makeFailure,
  makeOllamas,
  makeTroubledState,
} from '../../test/support/make-dashboard.ts'
import { makeTunnels } from '../../test/support/make-tunnel.ts'
import { makeNoUsage } from '../../test/support/make-usage.ts'
import { makeVpns } from '../../test/support/make-vpn.ts'
import { allLinks } from './all-links.ts'
import { NOW, type Scene, type Staged } from './scene.ts'

const BUSY = makeBusyState(NOW)

const api = (change: Partial<BridgeState> = {}): FakeBridgeApi =>
  makeDashboardApi({ ...BUSY, ...change }, NOW)

const CONNECTING: Partial<BridgeState> = {
  ...allLinks(BUSY, { phase: 'connecting', step: 'authenticating', attempt: 1, since: NOW - 2000 }),
  agent: { phase: 'opening', address: '127.0.0.1:8080', since: NOW - 1000 },
  ollama: { kind: 'unknown', place: 'http://tower.lan:11434' },
}

const DISCONNECTED: Partial<BridgeState> = {
  ...allLinks(BUSY, { phase: 'idle' }),
  wanted: 'disconnected',
  agent: { phase: 'off' },
  ollama: { kind: 'off' },
}

/** @param days that the certificate of this computer has left. */
function tunnelled(phase: TunnelState['phase'], days = 71): Partial<BridgeState> {
  const certificateEndsAt = NOW + (days + 0.5) * DAY_MS
  return { egress: { use: 'mtls', control: 'aws', certificateEndsAt, tunnel: makeTunnels(NOW)[phase] } }
}

const RELAY_OFF: Partial<BridgeState> = {
  relay: {
    ...BUSY.relay,
    link: {
      ...{ phase: 'failed', since: NOW - 240_000 },
      cause: makeFailure('relay.switched-off', 'The relay is switched off.'),
    },
    health: { kind: 'unknown' },
  },
}

const SIGNED_OUT: Partial<BridgeState> = {
  relay: {
    ...BUSY.relay,
    health: {
      ...{ kind: 'ok', at: NOW - 5000, version: '0.1.0', roundTripMs: 7.8 },
      upstreams: [
        { name: 'copilot', signedIn: false },
        { name: 'openrouter', signedIn: false },
      ],
    },
  },
}

/** Two seconds of a stream that comes and a prompt that goes. */
async function stream({ api, page }: Staged): Promise<void> {
  const [first, ...others] = BUSY.clients
  if (first === undefined) return
  for (const second of [1, 2]) {
    await page.clock.setFixedTime(NOW + second * 1000)
    const { bytesToClient, bytesFromClient } = first.traffic
    const traffic = {
      ...first.traffic,
      bytesToClient: bytesToClient + second * 2_610_000,
      bytesFromClient: bytesFromClient + second * 87_000,
    }
    const { revision } = api.publish({ clients: [{ ...first, traffic }, ...others] })
    // Each state has to arrive by itself: the rate is the difference of two.
    await page.waitForFunction((wanted) => wanted > 0, revision)
    await page.waitForTimeout(300)
  }
  await page.clock.setFixedTime(NOW)
  await page.locator('.path-flow').first().waitFor({ state: 'attached' })
}

function newRelay(): FakeBridgeApi {
  const bridge = api({
    clients: [],
    ollama: { kind: 'off' },
    relay: {
      ...{ ...BUSY.relay, kind: 'embedded', place: 'embedded' },
      link: { phase: 'connected', since: NOW - 90_000, roundTripMs: undefined },
    },
  })
  bridge.answer('relayUsage', () => makeNoUsage({ now: NOW }))
  bridge.answer('recentRequests', () => ({ generatedAt: new Date(NOW).toISOString(), requests: [] }))
  return bridge
}

function signedOut(): FakeBridgeApi {
  const bridge = api(SIGNED_OUT)
  const usage = { requests: 0, premium_requests_used: 0, authenticated: false, uptime: 3 }
  bridge.answer('relayUsage', () => usage)
  bridge.answer('recentRequests', () => ({ generatedAt: new Date(NOW).toISOString(), requests: [] }))
  return bridge
}

const SIGNED_IN: Partial<BridgeState> = {
  relay: {
    ...BUSY.relay,
    health: {
      ...{ kind: 'ok', at: NOW - 5000, version: '0.1.0', roundTripMs: 7.8 },
      upstreams: [
        { name: 'copilot', signedIn: true },
        { name: 'openrouter', signedIn: true },
      ],
    },
  },
}

/** The card alone: what it says is told there. */
const atOllama = async ({ page }: Staged): Promise<void> => {
  const card = page.getByRole('region', { name: 'Ollama', exact: true })
  await card.getByRole('button', { name: 'Check again' }).waitFor()
  await card.locator('details').evaluateAll((all) => {
    for (const one of all) one.setAttribute('open', '')
  })
}

function ollama(kind: keyof ReturnType<typeof makeOllamas>): Scene {
  return {
    ...{ name: `dashboard-ollama-${kind}`, height: 1300, isWindowOnly: true, act: atOllama },
    api: () => api({ ollama: makeOllamas(NOW)[kind] }),
  }
}

const NO_TRAY: Partial<BridgeState> = {
  ...SIGNED_IN,
  desktop: {
    ...{ kind: 'desktop', platform: 'linux', startsAtLogin: true, hasTray: false },
    update: { kind: 'none', checkedAt: NOW },
  },
}

export const DASHBOARD: readonly Scene[] = [
  { name: 'overview', api: () => api(SIGNED_IN), act: stream, height: 1118, isWindowOnly: true },
  { name: 'dashboard', api, act: stream, isNarrowToo: true },
  { name: 'dashboard-connecting', api: () => api(CONNECTING) },
  {
    name: 'dashboard-troubled',
    api: () => api({ ...makeTroubledState(NOW), agent: BUSY.agent }),
    isNarrowToo: true,
  },
  { name: 'dashboard-relay-off', api: () => api(RELAY_OFF) },
  { name: 'dashboard-disconnected', api: () => api(DISCONNECTED) },
  { name: 'dashboard-empty', api: newRelay },
  { name: 'dashboard-tunnel', api: () => api(tunnelled('connected')) },
  { name: 'dashboard-tunnel-waking', api: () => api(tunnelled('waking', 12)), isNarrowToo: true },
  { name: 'dashboard-tunnel-failed', api: () => api(tunnelled('failed', -4)) },
  { name: 'dashboard-vpn', api: () => api({ vpn: makeVpns(NOW).up }), isNarrowToo: true },
  { name: 'dashboard-vpn-down', api: () => api({ vpn: makeVpns(NOW).down }) },
  { name: 'dashboard-signed-out', api: signedOut },
  { name: 'dashboard-no-tray', api: () => api(NO_TRAY), isWindowOnly: true, isNarrowToo: true },
  ...(['ok', 'short', 'cloud', 'failing'] as const).map(ollama),
  {
    name: 'dashboard-gone',
    api,
    isCutOff: true,
    act: async ({ page, server }: Staged) => {
      await page.getByRole('region', { name: 'The path' }).waitFor()
      server.accept(false)
      server.cut()
      await page.getByRole('alert').first().waitFor()
    },
  },
].map((scene): Scene => ({ width: 1200, height: 800, ...scene }))
