import { expect, test } from 'vitest'
import { partItems } from '../../../../src/main/desktop/tray-parts.ts'
import { trayStatus } from '../../../../src/main/desktop/tray-status.ts'
import type { BridgeState } from '../../../../src/shared/state/bridge-state.ts'
import type { ControlKind, TunnelState } from '../../../../src/shared/state/egress.ts'
import { troublesOf } from '../../../../src/shared/state/troubles.ts'
import { NOON } from '../../../support/make-bridge-state.ts'
import { makeBusyState } from '../../../support/make-dashboard.ts'
import { makeTunnels } from '../../../support/make-tunnel.ts'

const TUNNELS = makeTunnels(NOON)

function stateWith(tunnel: TunnelState, change: Partial<BridgeState> = {}): BridgeState {
  return makeBusyState(NOON, { egress: { use: 'mtls', tunnel }, ...change })
}

function linesOf(state: BridgeState, name: 'Proxy' | 'Tunnel'): string[] {
  return partItems(state).flatMap((item) =>
    item.kind !== 'separator' && item.label.startsWith(name) ? item.label : [],
  )
}

function switchOf(state: BridgeState, name: 'Proxy' | 'Tunnel'): object | undefined {
  return partItems(state).find((item) => item.kind !== 'separator' && item.label.startsWith(name))
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
  const [line = '', ...others] = linesOf(stateWith(TUNNELS[phase]), 'Tunnel')
  expect(others).toEqual([])
  // A menu line ends after a hundred characters.
  expect(`Tunnel: ${words}`.startsWith(line.replace(/…$/, ''))).toBe(true)
})

test('a proxy without a tunnel has no line, and one with a tunnel is switched between it and going out by itself', () => {
  expect(linesOf(makeBusyState(NOON), 'Proxy')).toEqual([])
  const egress = { use: 'direct', tunnel: TUNNELS.asleep } as const
  expect(switchOf(makeBusyState(NOON, { egress }), 'Proxy')).toEqual({
    kind: 'check',
    label: 'Proxy of this computer: direct, the tunnel by rule only',
    checked: false,
    action: { kind: 'use-egress', use: 'mtls' },
  })
  expect(switchOf(stateWith(TUNNELS.asleep), 'Proxy')).toEqual({
    kind: 'check',
    label: 'Proxy of this computer: through the tunnel',
    checked: true,
    action: { kind: 'use-egress', use: 'direct' },
  })
})

function keptBy(control: ControlKind, tunnel: TunnelState): BridgeState {
  return makeBusyState(NOON, { egress: { use: 'mtls', control, tunnel } })
}

test.each<[keyof typeof TUNNELS, boolean]>([
  ['asleep', false],
  ['waking', true],
  ['connected', true],
  ['reconnecting', true],
  ['draining', false],
  ['killing', false],
  ['failed', false],
])('the switch of a server that is %s follows it and turns it', (phase, isUp) => {
  expect(switchOf(keptBy('aws', TUNNELS[phase]), 'Tunnel')).toMatchObject({
    kind: 'check',
    checked: isUp,
    action: { kind: 'tunnel-awake', awake: !isUp },
  })
})

test('a server that always runs has no switch, and one that Wake-on-LAN has woken cannot be stopped', () => {
  expect(switchOf(stateWith(TUNNELS.connected), 'Tunnel')).toMatchObject({
    action: { kind: 'open-dashboard' },
  })
  const [asleep, up] = (['asleep', 'connected'] as const).map((phase) =>
    switchOf(keptBy('wake-on-lan', TUNNELS[phase]), 'Tunnel'),
  )
  expect(asleep).toMatchObject({ kind: 'check', checked: false })
  expect(up).toMatchObject({ action: { kind: 'open-dashboard' } })
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
  expect(linesOf(after(TUNNELS.killing), 'Tunnel')).toEqual(['Tunnel: stopping the server'])
  expect(trayStatus(after(TUNNELS.killing)).headline).toBe('Disconnecting the tunnel')
  expect(trayStatus(after(TUNNELS.failed)).icon).toBe('needs-you')
  expect(linesOf(after(TUNNELS.off), 'Tunnel')).toEqual([])
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
