import { expect, test } from 'vitest'
import { placeOf } from '../../../../src/perimeter/verify/place.ts'
import { makePerimeter } from '../../../support/make-perimeter.ts'

test.each([
  ['the server, by its address', ['127.0.0.1', '192.168.251.20'], 'server'],
  ['the server, by IPv6', ['fd00:251::20'], 'server'],
  ['a peer', ['192.168.1.7', '10.10.10.2'], 'vpn'],
  ['a machine of the LAN that has the VPN up', ['192.168.250.50', '10.10.10.2'], 'vpn'],
  ['an admin', ['192.168.250.10'], 'admin'],
  ['a machine of the LAN', ['192.168.250.50'], 'lan'],
  ['a machine of the LAN, by IPv6', ['fd00:250::50'], 'lan'],
  ['anybody else', ['192.168.1.7', 'fe80::1'], 'internet'],
  ['the router', ['192.168.2.90', '192.168.250.1'], 'router'],
])('%s is found out by its addresses', (_, addresses, place) => {
  expect(placeOf(makePerimeter(), addresses)).toBe(place)
})
