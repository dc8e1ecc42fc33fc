import { execFileSync } from 'node:child_process'
import type { IncomingMessage } from 'node:http'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { baseUrlOf } from '../../../../src/relay/setup/base-url.ts'
import { shellQuote } from '../../../../src/relay/setup/shell-quote.ts'

const asked = (host: string | undefined) => ({ headers: { host }, socket: {} }) as unknown as IncomingMessage

test.each([
  ['localhost', 'http://localhost'],
  ['127.0.0.1:9090', 'http://127.0.0.1:9090'],
  ['[::1]:8080', 'http://[::1]:8080'],
  ['Relay.Example:80', 'http://relay.example:80'],
  ['host.docker.internal:65535', 'http://host.docker.internal:65535'],
])('%s becomes %s', (host, url) => {
  expect(baseUrlOf(asked(host))).toBe(url)
})

test('what the client had in Host before a bridge is its base, and plain HTTP leads there', () => {
  const request = { headers: { host: 'relay.example', 'x-sovereign-base-host': 'localhost:8080' } }
  const encrypted = { ...request, socket: { encrypted: true } } as unknown as IncomingMessage
  expect(baseUrlOf(encrypted)).toBe('http://localhost:8080')
})

test.each([
  undefined,
  '',
  "localhost'; touch /tmp/owned; '",
  'localhost$(id)',
  'localhost`id`',
  'localhost:8080/path',
  'user@localhost',
  'localhost:0',
  'localhost:65536',
  'localhost:080808',
  'a b',
  'a\nb',
  'a"b',
  '-oProxyCommand=x',
  '[::1',
  'localhost:8080:8080',
  'x'.repeat(300),
])('%j is refused', (host) => {
  expect(() => baseUrlOf(asked(host))).toThrow(/no usable host/)
})

test('whatever host is accepted, it is a word that no shell or config file can trip over', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.webAuthority()), (host) => {
      let url: string
      try {
        url = baseUrlOf(asked(host))
      } catch {
        return
      }
      expect(url).toMatch(/^http:\/\/[a-z0-9.:[\]-]+$/)
    }),
  )
})

test('bash reads a quoted word back exactly', () => {
  const words = ["it's", '$HOME `id` $(id)', '"\\', "''", 'a\nb', '', '!history', 'ü']
  const script = words.map((word) => `printf '%s\\0' ${shellQuote(word)}`).join('\n')
  expect(execFileSync('bash', ['-c', script], { encoding: 'utf8' }).split('\0').slice(0, -1)).toEqual(words)
})
