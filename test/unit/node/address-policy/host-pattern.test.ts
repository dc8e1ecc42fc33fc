import { expect, test } from 'vitest'
import { matchesHost } from '../../../../src/node/address-policy/host-pattern.ts'

test.each([
  ['*', 'anything.example', true],
  ['example.org', 'example.org', true],
  ['Example.ORG.', 'example.org', true],
  ['example.org', 'example.org.', true],
  ['example.org', 'www.example.org', false],
  ['*.example.org', 'a.b.example.org', true],
  ['*.example.org', 'example.org', false],
  ['*.example.org', 'badexample.org', false],
  ['*.bücher.example', 'www.xn--bcher-kva.example', true],
  ['10.0.0.0/8', '10.1.2.3', true],
  ['10.0.0.0/8', '::ffff:a01:203', true],
  ['10.0.0.0/8', '64:ff9b::a01:203', true],
  ['10.0.0.0/8', '2002:a01:203::1', true],
  ['10.0.0.0/8', '11.1.2.3', false],
  ['10.0.0.0/8', 'ten.example', false],
  ['1.2.3.4', '1.2.3.4', true],
  ['[fd00::1]', 'fd00::1', true],
  ['fd00::/8', 'fd12:3::4', true],
  ['fd00::/8', '10.0.0.1', false],
  ['0.0.0.0/33', '10.0.0.1', false],
])('%s names %s: %s', (pattern, host, isNamed) => {
  expect(matchesHost(pattern, host)).toBe(isNamed)
})
