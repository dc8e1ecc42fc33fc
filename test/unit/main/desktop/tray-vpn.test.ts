import { expect, test } from 'vitest'
import { partItems } from '../../../../src/main/desktop/tray-parts.ts'
import type { VpnState } from '../../../../src/shared/state/vpn.ts'
import { NOON } from '../../../support/make-bridge-state.ts'
import { makeBusyState } from '../../../support/make-dashboard.ts'
import { makeVpns } from '../../../support/make-vpn.ts'

const VPNS = makeVpns(NOON)
const SHOW = { kind: 'open-dashboard' }

function lineOf(vpn: VpnState, wanted: 'connected' | 'disconnected' = 'connected'): object | undefined {
  return partItems(makeBusyState(NOON, { vpn, wanted })).find(
    (item) => item.kind !== 'separator' && item.label.startsWith('VPN'),
  )
}

test.each<[keyof typeof VPNS, object]>([
  ['up', { label: 'VPN home: up', checked: true, action: { kind: 'set-vpn', to: 'down' } }],
  ['down', { label: 'VPN home: down', checked: false, action: { kind: 'set-vpn', to: 'up' } }],
  ['changing', { label: 'VPN home: going up', checked: true, action: { kind: 'set-vpn', to: 'down' } }],
  [
    'failing',
    { label: 'VPN home: There is no WireGuard tunnel called "home" on this computer.', action: SHOW },
  ],
])('a VPN that is %s has its line and, where it can be changed, its switch', (kind, line) => {
  expect(lineOf(VPNS[kind])).toMatchObject(line)
})

test('the VPN can be switched while nobody is connected, and a profile without one has no line', () => {
  expect(lineOf(VPNS.down, 'disconnected')).toMatchObject({ action: { kind: 'set-vpn', to: 'up' } })
  expect(lineOf({ kind: 'off' })).toBeUndefined()
})
