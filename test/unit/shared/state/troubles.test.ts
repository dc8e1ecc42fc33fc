import { expect, test } from 'vitest'
import { isTrying, mayRetry } from '../../../../src/shared/state/part-health.ts'
import { type Trouble, troublesOf } from '../../../../src/shared/state/troubles.ts'
import { makeBridgeState, makeClientState, NOON } from '../../../support/make-bridge-state.ts'
import { makeBusyState, makeFailure, makeTroubledState } from '../../../support/make-dashboard.ts'
import { makeTunnels } from '../../../support/make-tunnel.ts'
import { makeVpns } from '../../../support/make-vpn.ts'

const lost = makeFailure('ssh.connection-lost', 'The connection broke.')

function brief(troubles: readonly Trouble[]): unknown {
  return troubles.map(({ kind, urgency, parts, affects }) => ({
    kind,
    urgency,
    parts: parts.map(({ name }) => name),
    affects,
  }))
}

test('nothing is wrong with a bridge that works, or that nobody wants connected', () => {
  expect(troublesOf(makeBusyState(NOON))).toEqual([])
  expect(troublesOf({ ...makeTroubledState(NOON), wanted: 'disconnected' })).toEqual([])
})

test('clients that only miss the relay are folded under it, and one with a failure of its own is not', () => {
  expect(brief(troublesOf(makeTroubledState(NOON)))).toEqual([
    { kind: 'agent', urgency: 'needs-you', parts: [''], affects: [] },
    { kind: 'clients', urgency: 'needs-you', parts: ['ci-runner'], affects: ['ci-runner'] },
    { kind: 'relay', urgency: 'mending', parts: [''], affects: ['builder', 'gpu-box'] },
    { kind: 'ollama', urgency: 'limited', parts: [''], affects: [] },
  ])
})

test('a VPN that is down limits whoever is connected, and nobody else', () => {
  const { down, silent, up } = makeVpns(NOON)
  const busy = makeBusyState(NOON)
  expect(brief(troublesOf({ ...busy, vpn: down }))).toEqual([
    { kind: 'vpn', urgency: 'limited', parts: ['home'], affects: [] },
  ])
  expect(troublesOf({ ...busy, vpn: up })).toEqual([])
  expect(troublesOf({ ...busy, vpn: silent })).toEqual([])
  expect(troublesOf({ ...busy, vpn: down, wanted: 'disconnected' })).toEqual([])
})

test('clients that fail for the same reason are one trouble', () => {
  const link = { phase: 'reconnecting', attempt: 2, nextTryAt: NOON + 900, since: NOON, cause: lost } as const
  const clients = ['a', 'b', 'c'].map((name) => makeClientState({ name, link }))
  const { relay } = makeBusyState(NOON)
  expect(troublesOf(makeBridgeState({ relay, clients }))).toEqual([
    {
      kind: 'clients',
      urgency: 'mending',
      affects: ['a', 'b', 'c'],
      parts: ['a', 'b', 'c'].map((name) => ({ name, cause: lost, since: NOON, nextTryAt: NOON + 900 })),
    },
  ])
})

test('a client that is switched off is no trouble', () => {
  const { relay } = makeBusyState(NOON)
  const link = { phase: 'failed', since: NOON, cause: lost } as const
  expect(
    troublesOf(makeBridgeState({ relay, clients: [makeClientState({ enabled: false, link })] })),
  ).toEqual([])
})

test('a relay that is signed in nowhere keeps every client from working, and says so once', () => {
  const { relay, clients } = makeBusyState(NOON)
  const upstreams = [{ name: 'copilot', signedIn: false }]
  const health = { kind: 'ok', at: NOON, version: '0.1.0', roundTripMs: 1, upstreams } as const
  expect(brief(troublesOf(makeBridgeState({ relay: { ...relay, health }, clients })))).toEqual([
    { kind: 'sign-in', urgency: 'needs-you', parts: [''], affects: ['builder', 'gpu-box'] },
  ])
})

test('a client with a trouble of its own is not said to lack the sign-in as well', () => {
  const { relay, clients } = makeBusyState(NOON)
  const upstreams = [{ name: 'copilot', signedIn: false }]
  const health = { kind: 'ok', at: NOON, version: '0.1.0', roundTripMs: 1, upstreams } as const
  const away = makeClientState({ name: 'away', link: { phase: 'failed', since: NOON, cause: lost } })
  const [signIn, own] = troublesOf(
    makeBridgeState({ relay: { ...relay, health }, clients: [...clients, away] }),
  )
  expect([signIn?.kind, signIn?.affects]).toEqual(['sign-in', ['builder', 'gpu-box']])
  expect([own?.kind, own?.affects]).toEqual(['clients', ['away']])
})

test('a port that cannot be had comes with the one that can', () => {
  const cause = makeFailure('port.taken', '127.0.0.1:8080 is taken.')
  const listener = {
    phase: 'failed',
    address: '127.0.0.1:8080',
    since: NOON,
    cause,
    otherPort: 8081,
  } as const
  const { relay } = makeBusyState(NOON)
  const [trouble] = troublesOf(makeBridgeState({ relay, clients: [makeClientState({ listener })] }))
  expect(trouble?.parts).toEqual([{ name: 'builder', cause, since: NOON, otherPort: 8081 }])
})

test('when something was looked at last is not told as how long it has been wrong', () => {
  const { relay } = makeBusyState(NOON)
  const cause = makeFailure('relay.unreachable', 'Nothing answers.')
  const failing = { kind: 'failing', at: NOON, cause } as const
  const out = troublesOf(makeBridgeState({ relay: { ...relay, health: failing }, clients: [] }))
  const path = { kind: 'broken', at: NOON, cause } as const
  const lost = troublesOf(makeBridgeState({ relay, clients: [makeClientState({ path })] }))
  const place = 'http://127.0.0.1:11434'
  const none = troublesOf(makeBridgeState({ relay, ollama: { ...failing, place } }))
  expect([out, lost, none].map(([trouble]) => [trouble?.kind, trouble?.parts[0]?.since])).toEqual([
    ['relay', undefined],
    ['clients', undefined],
    ['ollama', undefined],
  ])
})

test('a proxy of the system that could not be put back needs somebody, also after a disconnect', () => {
  const cause = makeFailure('system-proxy.failed', 'gsettings is not installed.')
  const egress = { use: 'direct', tunnel: { phase: 'off' }, systemProxy: { kind: 'failed', cause } } as const
  for (const wanted of ['connected', 'disconnected'] as const) {
    const troubles = troublesOf(makeBridgeState({ wanted, egress }))
    expect(troubles.filter(({ kind }) => kind === 'system-proxy')).toEqual([
      { kind: 'system-proxy', urgency: 'needs-you', parts: [{ name: '', cause }], affects: [] },
    ])
  }
})

test('a tunnel that broke is a trouble of its own, and one that sleeps is none', () => {
  const told = (phase: 'asleep' | 'waking' | 'reconnecting' | 'failed'): unknown => {
    const egress = { use: 'mtls', tunnel: makeTunnels(NOON)[phase] } as const
    return brief(troublesOf(makeBusyState(NOON, { egress })))
  }
  expect(told('asleep')).toEqual([])
  expect(told('waking')).toEqual([])
  expect(told('reconnecting')).toEqual([{ kind: 'tunnel', urgency: 'mending', parts: [''], affects: [] }])
  expect(told('failed')).toEqual([{ kind: 'tunnel', urgency: 'needs-you', parts: [''], affects: [] }])
})

test('a server that could not be stopped is told after the disconnect too', () => {
  const egress = { use: 'mtls', tunnel: makeTunnels(NOON).failed } as const
  expect(brief(troublesOf(makeBusyState(NOON, { wanted: 'disconnected', egress })))).toEqual([
    { kind: 'tunnel', urgency: 'needs-you', parts: [''], affects: [] },
  ])
})

test('what is wrong stays while it is tried again, and says so', () => {
  const { relay } = makeBusyState(NOON)
  const outage = { since: NOON - 60_000, cause: lost }
  const link = { phase: 'connecting', step: 'connecting', attempt: 4, since: NOON, outage } as const
  const part = { cause: lost, since: NOON - 60_000, isTrying: true }
  const clients = [makeClientState({ name: 'vm', link })]
  expect(troublesOf(makeBridgeState({ relay: { ...relay, link } }))).toEqual([
    { kind: 'relay', urgency: 'mending', parts: [{ name: '', ...part }], affects: [] },
  ])
  const troubled = makeBridgeState({ relay, clients })
  expect(troublesOf(troubled)).toEqual([
    { kind: 'clients', urgency: 'mending', parts: [{ name: 'vm', ...part }], affects: ['vm'] },
  ])
  expect([mayRetry(troubled), isTrying(troubled)]).toEqual([true, true])
  const first = { phase: 'connecting', step: 'connecting', attempt: 1, since: NOON } as const
  const fresh = makeBridgeState({ relay, clients: [makeClientState({ link: first })] })
  expect([troublesOf(fresh), mayRetry(fresh), isTrying(fresh)]).toEqual([[], false, false])
})
