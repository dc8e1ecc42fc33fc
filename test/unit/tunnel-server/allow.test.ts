import { expect, test } from 'vitest'
import { parseAllowList } from '../../../src/tunnel-server/allow.ts'
import { parseAuthority } from '../../../src/tunnel-server/authority.ts'

test.each([
  ['sovereign://agent/laptop', 'uri', 'sovereign://agent/laptop', true],
  ['sovereign://agent/*', 'uri', 'sovereign://agent/laptop', true],
  ['sovereign://agent/*', 'uri', 'sovereign://agent/a/b', false],
  ['sovereign://agent/*', 'uri', 'sovereign://server/laptop', false],
  ['sovereign://agent/*', 'uri', 'xsovereign://agent/laptop', false],
  ['sovereign://agent/a.c', 'uri', 'sovereign://agent/abc', false],
  ['*.example', 'dns', 'a.example', true],
  ['*.example', 'dns', 'A.EXAMPLE', true],
  ['*.example', 'dns', 'a.b.example', false],
  ['*.example', 'dns', 'example', false],
  ['laptop', 'dns', 'laptop', true],
  ['dns:laptop', 'uri', 'laptop', false],
  ['laptop', 'ip', 'laptop', false],
] as const)('%s and %s %s: %s', (rule, type, value, isAllowed) => {
  expect(parseAllowList([rule]).match([{ type, value }])).toBe(isAllowed ? value : undefined)
})

test('a certificate without a name matches nothing', () => {
  expect(parseAllowList(['*']).match([])).toBeUndefined()
})

test.each([[[]], [['']], [['uri:laptop']], [['a b']], [['dns:a/b']]])('%j is no list of rules', (rules) => {
  expect(() => parseAllowList(rules)).toThrow(expect.objectContaining({ code: 'tunnel.config-invalid' }))
})

test.each([
  ['example.org:443', { host: 'example.org', port: 443 }],
  ['[::1]:80', { host: '::1', port: 80 }],
  ['192.0.2.1:1', { host: '192.0.2.1', port: 1 }],
  ['::1:80', undefined],
  ['example.org', undefined],
  ['example.org:0', undefined],
  ['example.org:65536', undefined],
  ['user@example.org:80', undefined],
  ['example.org:80/path', undefined],
  ['', undefined],
])('the authority %s is %j', (text, target) => {
  expect(parseAuthority(text)).toEqual(target)
})
