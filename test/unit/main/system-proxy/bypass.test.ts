import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bypassList, starPatterns } from '../../../../src/main/system-proxy/bypass.ts'

test('this machine is never reached by the proxy, and nothing is named twice', () => {
  expect(bypassList(['localhost', '*.home', '[fd00::1]', 'nas.home.'])).toEqual([
    'localhost',
    '127.0.0.0/8',
    '::1',
    '*.home',
    'fd00::1',
    'nas.home',
  ])
})

describe('for systems that know stars and no networks', () => {
  test.each([
    ['nas.home', ['nas.home']],
    ['*.home', ['*.home']],
    ['192.0.2.7', ['192.0.2.7']],
    ['10.0.0.0/8', ['10.*']],
    ['192.168.0.0/16', ['192.168.*']],
    ['192.0.2.0/24', ['192.0.2.*']],
    ['192.0.2.6/31', ['192.0.2.6', '192.0.2.7']],
    ['192.0.2.7/32', ['192.0.2.7']],
    ['0.0.0.0/0', ['*']],
    ['fd00::/8', []],
    ['10.0.0.0/33', []],
  ])('%s is %j', (host, patterns) => {
    expect(starPatterns(host)).toEqual(patterns)
  })

  test('the private network of 172.16 is its sixteen parts', () => {
    const patterns = starPatterns('172.16.0.0/12')
    expect([patterns.length, patterns[0], patterns[15]]).toEqual([16, '172.16.*', '172.31.*'])
  })

  test('the patterns name the addresses of the network and no others', () => {
    const octet = fc.nat(255)
    fc.assert(
      fc.property(
        fc.tuple(octet, octet, octet, octet),
        fc.tuple(octet, octet, octet, octet),
        fc.integer({ min: 1, max: 32 }),
        (net, other, bits) => {
          const mask = (-1 << (32 - bits)) >>> 0
          // Addresses at random are hardly ever inside.
          const near = other.map((value, at) =>
            ((mask >>> (24 - 8 * at)) & 255) === 255 ? (net[at] ?? 0) : value,
          )
          const isInside = ((toNumber(net) ^ toNumber(near)) & mask) === 0
          const patterns = starPatterns(`${net.join('.')}/${bits}`)
          const text = `${near.join('.')}`
          const isNamed = patterns.some((pattern) =>
            pattern.endsWith('*') ? text.startsWith(pattern.slice(0, -1)) : text === pattern,
          )
          expect(isNamed).toBe(isInside)
        },
      ),
    )
  })
})

function toNumber(octets: readonly number[]): number {
  return octets.reduce((sum, octet) => sum * 256 + octet, 0) >>> 0
}
