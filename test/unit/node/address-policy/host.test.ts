import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseHost } from '../../../../src/node/address-policy/host.ts'

test.each([
  '127.0.0.1',
  '0x7f.1',
  '0x7f000001',
  '2130706433',
  '017700000001',
  '127.1',
  '0177.0.0.1',
  '127.0.0.1.',
  '0x7f.0x0.0x0.0x1',
  '１２７.0.0.1',
])('%s is loopback, as to every C library', (host) => {
  expect(parseHost(host)).toEqual({ kind: 'address', address: '127.0.0.1', family: 4 })
})

test.each([
  ['[::1]', '::1'],
  ['::1', '::1'],
  ['0:0:0:0:0:0:0:1', '::1'],
  ['::ffff:127.0.0.1', '::ffff:7f00:1'],
])('%s is the address %s', (host, address) => {
  expect(parseHost(host)).toEqual({ kind: 'address', address, family: 6 })
})

test.each([
  ['Example.ORG', 'example.org'],
  ['example.org.', 'example.org.'],
  ['bücher.example', 'xn--bcher-kva.example'],
  ['LOCALHOST.', 'localhost'],
  ['_dmarc.example.org', '_dmarc.example.org'],
])('%s is the name %s', (host, name) => {
  expect(parseHost(host)).toEqual({ kind: 'name', name })
})

test.each([
  '',
  '.',
  'a..b',
  '1.2.3.4.5',
  '256.1.1.1',
  '0x100000000',
  'fe80::1%eth0',
  '[fe80::1%25eth0]',
  '%31%32%37.0.0.1',
  'user@host',
  'host:80',
  'a/b',
  'a\\b',
  'a?b',
  'a#b',
  'a b',
  'a\0b',
  'a\nb',
  '[::1',
  '::1]',
  '[127.0.0.1',
  `${'a'.repeat(64)}.example`,
  'x'.repeat(300),
])('%j is refused', (host) => {
  expect(() => parseHost(host)).toThrow(expect.objectContaining({ code: 'egress.denied' }))
})

test('an ordinary name means to us what it means inside a URL', () => {
  const label = fc.stringMatching(/^[a-z0-9_-]{1,12}$/)
  fc.assert(
    fc.property(fc.array(label, { minLength: 1, maxLength: 4 }), (labels) => {
      const name = labels.join('.')
      const isPlain = URL.canParse(`http://${name}/`)
      try {
        const host = parseHost(name)
        const meant = host.kind === 'name' ? host.name : host.address
        expect([isPlain, meant]).toEqual([true, new URL(`http://${name}/`).hostname])
      } catch (error) {
        expect([isPlain, error]).toEqual([false, expect.objectContaining({ code: 'egress.denied' })])
      }
    }),
    { numRuns: 2_000 },
  )
})

test('whatever comes, it is a name, an address or a refusal', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      try {
        const host = parseHost(text)
        if (host.kind === 'name') expect(host.name).toMatch(/^[a-z0-9._-]+$/)
      } catch (error) {
        expect(error).toMatchObject({ code: 'egress.denied' })
      }
    }),
  )
})
