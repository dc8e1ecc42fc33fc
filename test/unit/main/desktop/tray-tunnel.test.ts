import { expect, test } from 'vitest'
import { partItems } from '../../../../src/main/desktop/tray-parts.ts'
import { trayStatus } from '../../../../src/main/desktop/tray-status.ts'
import type { BridgeState } from '../../../../src/shared/state/bridge-state.ts'
import type { TunnelState } from '../../../../src/shared/state/egress.ts'
import { troublesOf } from '../../../../src/shared/state/troubles.ts'
import { NOON } from '../../../support/make-bridge-state.ts'
import { makeBusyState } from '../../../support/make-dashboard.ts'
import { makeTunnels } from '../../../support/make-tunnel.ts'

const TUNNELS = makeTunnels(NOON)

function stateWith(tunnel: TunnelState, change: Partial<BridgeState> = {}): BridgeState {
  return makeBusyState(NOON, { egress: { use: 'mtls', tunnel }, ...change })
}

function proxyLines(state: BridgeState): string[] {
  return partItems(state).flatMap((item) =>
    item.kind !== 'separator' && item.label.startsWith('Proxy') ? item.label : [],
  )
}

test.each<[keyof typeof TUNNELS, string]>([
  ['off', 'not connected'],
  ['asleep', 'asleep, the first request wakes it by AWS'],
  ['waking', 'waking, getting a machine'],
  ['connecting', 'connecting to 203.0.113.7:8443'],
  ['connected', 'connected to 203.0.113.7:8443'],
  ['reconnecting', 'connecting again: 203.0.113.7:8443 does not answer; nothing came back for 5 s.'],
  ['draining', 'letting answers finish'],
  ['killing', 'stopping the server'],
  ['failed', 'failed: 203.0.113.7:8443 does not accept the certificate of "laptop".'],
])('the line of a tunnel that is %s says so', (phase, words) => {
  const [line = '', ...others] = proxyLines(stateWith(TUNNELS[phase]))
  expect(others).toEqual([])
  // A menu line ends after a hundred characters.
  expect(`Proxy through the tunnel: ${words}`.startsWith(line.replace(/…$/, ''))).toBe(true)
})

test('a proxy that goes out by itself has no line, and one with rules for a tunnel has', () => {
  expect(proxyLines(makeBusyState(NOON))).toEqual([])
  const egress = { use: 'direct', tunnel: TUNNELS.asleep } as const
  expect(proxyLines(makeBusyState(NOON, { egress }))).toEqual([
    'Proxy direct, tunnel by rule: asleep, the first request wakes it by AWS',
  ])
})

test('no line of the menu changes while time passes and requests come', () => {
  const later = { ...TUNNELS.waking, held: 9, since: NOON - 30_000 }
  expect(partItems(stateWith(later))).toEqual(partItems(stateWith(TUNNELS.waking)))
})

test('a tunnel that broke takes the best icon away, and one that sleeps or wakes does not', () => {
  expect(trayStatus(stateWith(TUNNELS.asleep)).icon).toBe('connected')
  expect(trayStatus(stateWith(TUNNELS.waking)).icon).toBe('connected')
  expect(trayStatus(stateWith(TUNNELS.failed))).toEqual({
    icon: 'degraded',
    headline: 'The tunnel of the proxy does not work',
    cause: TUNNELS.failed.cause,
  })
})

test('after a disconnect the menu tells of the server for as long as it costs money', () => {
  const after = (tunnel: TunnelState): BridgeState => stateWith(tunnel, { wanted: 'disconnected' })
  expect(proxyLines(after(TUNNELS.killing))).toEqual(['Proxy through the tunnel: stopping the server'])
  expect(trayStatus(after(TUNNELS.killing)).headline).toBe('Disconnecting the tunnel')
  expect(trayStatus(after(TUNNELS.failed)).icon).toBe('needs-you')
  expect(proxyLines(after(TUNNELS.off))).toEqual([])
})

test('nothing of the tray changes while a tunnel that is away is dialled again', () => {
  const { connecting, reconnecting } = TUNNELS
  const outage = { since: reconnecting.since, cause: reconnecting.cause }
  const dialling = stateWith({ ...connecting, outage })
  expect(partItems(dialling)).toEqual(partItems(stateWith(reconnecting)))
  expect(trayStatus(dialling)).toEqual(trayStatus(stateWith(reconnecting)))
  expect(troublesOf(dialling)).toMatchObject([
    { kind: 'tunnel', parts: [{ cause: outage.cause, isTrying: true }] },
  ])
})
