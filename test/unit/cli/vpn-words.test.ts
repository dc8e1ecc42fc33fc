import { expect, test } from 'vitest'
import { vpnHops } from '../../../src/cli/vpn-words.ts'
import { NOON } from '../../support/make-bridge-state.ts'
import { makeVpns } from '../../support/make-vpn.ts'

const VPNS = makeVpns(NOON)

test.each<[keyof typeof VPNS, object]>([
  [
    'up',
    {
      health: 'up',
      words: 'up, last handshake 41 s ago',
      facts: ['router 203.0.113.20:51820', 'perimeter verified 3 h ago: 38 right, 0 wrong'],
    },
  ],
  ['silent', { health: 'waiting', words: 'up, last handshake 20 min ago' }],
  ['hidden', { health: 'up', words: 'up' }],
  ['down', { health: 'off', words: 'down', advice: 'Bring it up: sovereign vpn up' }],
  ['changing', { health: 'working', words: 'going up' }],
  ['failing', { health: 'broken', words: 'cannot be looked at', cause: { code: 'vpn.not-found' } }],
])('a VPN that is %s says so in the terminal', (kind, hop) => {
  expect(vpnHops(VPNS[kind], NOON)).toMatchObject([{ name: 'VPN home', ...hop }])
})

test('a profile without a VPN has no line', () => {
  expect(vpnHops({ kind: 'off' }, NOON)).toEqual([])
})
