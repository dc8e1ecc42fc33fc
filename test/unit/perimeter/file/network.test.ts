import { isIPv6 } from 'node:net'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  addressNumber,
  addressText,
  contains,
  networkOf,
  networkText,
  overlap,
} from '../../../../src/perimeter/file/network.ts'

test.each([
  ['10.10.10.1/24', '10.10.10.0/24'],
  ['192.168.250.129/25', '192.168.250.128/25'],
  ['fd00:250::1/64', 'fd00:250::/64'],
  ['2001:DB8:0:0:1::1/80', '2001:db8:0:0:1::/80'],
  ['::ffff:192.0.2.1/120', '::ffff:c000:200/120'],
])('%s lies in %s', (cidr, text) => {
  expect(networkText(cidr)).toBe(text)
})

test('every IPv6 address is written so that it is read as the same one', () => {
  const words = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff })), {
    minLength: 8,
    maxLength: 8,
  })
  fc.assert(
    fc.property(words, (parts) => {
      const number = parts.reduce((sum, part) => (sum << 16n) | BigInt(part), 0n)
      const text = addressText(number, 6)
      expect(isIPv6(text)).toBe(true)
      expect(addressNumber(text)).toBe(number)
      // The URL parser of the platform knows RFC 5952 as well.
      expect(`[${text}]`).toBe(new URL(`http://[${text}]`).hostname)
    }),
  )
})

test('networks overlap where one holds the other, and never across families', () => {
  const of = networkOf
  expect(overlap(of('10.0.0.0/8'), of('10.10.10.1/24'))).toBe(true)
  expect(overlap(of('10.10.10.1/24'), of('10.10.11.1/24'))).toBe(false)
  expect(overlap(of('0.0.0.1/8'), of('::1/8'))).toBe(false)
  expect(contains(of('fd00:10::1/64'), 'fd00:10::ffff')).toBe(true)
  expect(contains(of('10.10.10.1/24'), '10.10.11.0')).toBe(false)
})
