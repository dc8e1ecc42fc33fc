import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type AddressKind, kindOfAddress } from '../../../../src/node/address-policy/address-kind.ts'
import { createAddressPolicy } from '../../../../src/node/address-policy/address-policy.ts'

const KINDS: readonly (readonly [string, AddressKind])[] = [
  ['93.184.216.34', 'public'],
  ['2606:2800:220:1::1', 'public'],
  ['127.0.0.1', 'loopback'],
  ['127.255.255.254', 'loopback'],
  ['::1', 'loopback'],
  ['0.0.0.0', 'unspecified'],
  ['0.1.2.3', 'unspecified'],
  ['::', 'unspecified'],
  ['10.0.0.1', 'private'],
  ['172.16.0.1', 'private'],
  ['172.31.255.255', 'private'],
  ['172.32.0.1', 'public'],
  ['192.168.1.1', 'private'],
  ['100.64.0.1', 'private'],
  ['100.127.255.255', 'private'],
  ['100.128.0.1', 'public'],
  ['fd12::1', 'private'],
  ['fec0::1', 'private'],
  ['169.254.1.1', 'link-local'],
  ['fe80::1', 'link-local'],
  ['169.254.169.254', 'metadata'],
  ['169.254.170.2', 'metadata'],
  ['fd00:ec2::254', 'metadata'],
  ['100.100.100.200', 'metadata'],
  ['224.0.0.1', 'multicast'],
  ['ff02::1', 'multicast'],
  ['255.255.255.255', 'reserved'],
  ['240.0.0.1', 'reserved'],
  ['192.0.2.1', 'reserved'],
  ['198.18.0.1', 'reserved'],
  ['198.51.100.1', 'reserved'],
  ['203.0.113.1', 'reserved'],
  ['2001:db8::1', 'reserved'],
  ['2001::1', 'reserved'],
  ['100::1', 'reserved'],
  ['64:ff9b:1::a00:1', 'reserved'],
  // IPv4 inside IPv6: mapped, NAT64, translated, 6to4, compatible.
  ['::ffff:127.0.0.1', 'loopback'],
  ['::ffff:7f00:1', 'loopback'],
  ['::ffff:169.254.169.254', 'metadata'],
  ['64:ff9b::10.0.0.1', 'private'],
  ['64:ff9b::8.8.8.8', 'public'],
  ['::ffff:0:10.0.0.1', 'private'],
  ['2002:7f00:1::', 'loopback'],
  ['2002:a9fe:a9fe::1', 'metadata'],
  ['2002:808:808::1', 'public'],
  ['::10.0.0.1', 'private'],
  ['::127.0.0.1', 'loopback'],
]

test.each(KINDS)('%s is %s', (address, kind) => {
  expect(kindOfAddress(address)).toBe(kind)
})

test('nothing but public addresses is reached unless it is allowed', () => {
  const { objection } = createAddressPolicy([])
  for (const [address, kind] of KINDS)
    expect(objection(address, address)?.code).toBe(kind === 'public' ? undefined : 'egress.denied')
})

test('the refusal names the host, its address and what is wrong with it', () => {
  expect(createAddressPolicy([]).objection('nas.example', '10.1.2.3')).toMatchObject({
    message: 'The proxy may not go to nas.example (10.1.2.3): that is a private network.',
    remedy: expect.stringContaining('allow its address or network'),
  })
})

test.each([
  ['nas.lan', 'nas.lan', '192.168.1.5', true],
  ['nas.lan', 'NAS.lan.', '192.168.1.5', true],
  ['nas.lan', 'other.lan', '192.168.1.5', false],
  ['*.lan', 'a.b.lan', '10.0.0.1', true],
  ['*.lan', 'lan', '10.0.0.1', false],
  ['*.lan', 'evillan', '10.0.0.1', false],
  ['*', 'any.example', '127.0.0.1', true],
  ['*', 'any.example', '169.254.169.254', false],
  ['*', 'any.example', '224.0.0.1', false],
  ['*', '0.0.0.0', '0.0.0.0', false],
  ['nas.lan', 'nas.lan', '169.254.169.254', false],
  ['10.0.0.0/8', 'any.example', '10.255.0.1', true],
  ['10.0.0.0/8', '10.1.1.1', '::ffff:10.1.1.1', true],
  ['10.0.0.0/8', '11.0.0.1', '192.168.0.1', false],
  ['127.0.0.0/8', 'localhost', '::1', false],
  ['[::1]', 'localhost', '::1', true],
  ['::1', '::1', '::1', true],
  ['fd00::/8', 'h', 'fd12::1', true],
  ['fd00::/8', 'h', 'fd00:ec2::254', false],
  ['169.254.0.0/16', 'h', '169.254.3.4', true],
  ['169.254.0.0/16', 'h', '169.254.169.254', false],
  ['169.254.169.254', 'h', '169.254.169.254', true],
  ['0.0.0.0/0', 'h', '10.0.0.1', true],
  ['192.168.1.5', 'h', '192.168.1.5', true],
  ['192.168.1.5', 'h', '192.168.1.6', false],
  ['bücher.lan', 'xn--bcher-kva.lan', '10.0.0.1', true],
])('allowing %s lets %s go to %s: %s', (entry, host, address, isAllowed) => {
  expect(createAddressPolicy([entry]).objection(host, address) === undefined).toBe(isAllowed)
})

test.each(['10.0.0.0/33', '::/129', '1.2.3', '10.0.0.256', '::g'])('%s cannot be allowed', (entry) => {
  expect(() => createAddressPolicy([entry])).toThrow(expect.objectContaining({ code: 'settings.invalid' }))
})

test('however an IPv4 address is wrapped, it is what it is unwrapped', () => {
  const hex = (high: number, low: number): string => ((high << 8) | low).toString(16)
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 4, maxLength: 4 }), ([a = 0, b = 0, c = 0, d = 0]) => {
      const [high, low] = [hex(a, b), hex(c, d)]
      const kind = kindOfAddress(`${a}.${b}.${c}.${d}`)
      for (const wrapped of [
        `::ffff:${high}:${low}`,
        `64:ff9b::${high}:${low}`,
        `::ffff:0:${high}:${low}`,
        `2002:${high}:${low}::1`,
      ])
        expect([wrapped, kindOfAddress(wrapped)]).toEqual([wrapped, kind])
    }),
  )
})
