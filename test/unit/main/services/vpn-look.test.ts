import { expect, test } from 'vitest'
import { vpnFinding } from '../../../../src/main/services/checks/vpn-look.ts'
import { NOON } from '../../../support/make-bridge-state.ts'
import { makeVpns } from '../../../support/make-vpn.ts'

const VPNS = makeVpns(NOON)

test.each<[keyof typeof VPNS, object]>([
  ['up', { status: 'ok', detail: expect.stringContaining('203.0.113.20:51820 answered') }],
  ['hidden', { status: 'ok', detail: expect.stringContaining('not shown to this user') }],
  ['silent', { status: 'warning', detail: expect.stringContaining('has not answered for three minutes') }],
  ['down', { status: 'warning', fix: 'Bring it up: sovereign vpn up' }],
  ['changing', { status: 'skipped' }],
  ['failing', { status: 'failed', detail: 'There is no WireGuard tunnel called "home" on this computer.' }],
])('a VPN that is %s is told so by the doctor', (kind, finding) => {
  expect(vpnFinding(VPNS[kind], NOON)).toMatchObject(finding)
})
