import { networkInterfaces } from 'node:os'
import { expect, test } from 'vitest'
import { isOwnListener } from '../../../../src/node/address-policy/own-listener.ts'

test.each([
  ['127.0.0.1', '127.0.0.1', true],
  ['127.0.0.1', '::ffff:127.0.0.1', true],
  ['127.0.0.1', '0.0.0.0', true],
  ['127.0.0.1', '::', true],
  ['127.0.0.1', '127.0.0.2', false],
  ['127.0.0.1', '::1', false],
  ['0.0.0.0', '127.0.0.2', true],
  ['::', '::1', true],
  ['::1', '::1', true],
  ['127.0.0.1', '93.184.216.34', false],
  ['0.0.0.0', '93.184.216.34', false],
])('a listener at %s is reached by %s: %s', (at, to, isOwn) => {
  expect(isOwnListener({ address: at, port: 8080 }, to, 8080)).toBe(isOwn)
  expect(isOwnListener({ address: at, port: 8080 }, to, 8081)).toBe(false)
})

test('a listener at every address is reached by each address of this machine', () => {
  const addresses = Object.values(networkInterfaces()).flatMap((entries) => entries ?? [])
  expect(addresses.length).toBeGreaterThan(0)
  for (const { address } of addresses)
    expect(isOwnListener({ address: '0.0.0.0', port: 80 }, address.replace(/%.*$/, ''), 80)).toBe(true)
})
