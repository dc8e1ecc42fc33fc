import fc from 'fast-check'
import { expect, test } from 'vitest'
import { classifyOpening, LONGEST_OPENING_BYTES } from '../../../../src/main/agent/first-bytes.ts'

const CASES: readonly (readonly [string, string])[] = [
  ['GET / HTTP/1.1\r\n', 'relay'],
  ['POST /v1/chat/completions HTTP/1.1\r\n', 'relay'],
  ['OPTIONS * HTTP/1.1\r\n', 'relay'],
  ['\r\nGET /x HTTP/1.1\r\n', 'relay'],
  ['M-SEARCH /x HTTP/1.1\r\n', 'relay'],
  ['GET http://example.org/ HTTP/1.1\r\n', 'proxy'],
  ['GET HTTPS://example.org/ HTTP/1.1\r\n', 'proxy'],
  ['CONNECT example.org:443 HTTP/1.1\r\n', 'proxy'],
  ['CONNECT [::1]:443 HTTP/1.1\r\n', 'proxy'],
  ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'http2'],
  ['\x16\x03\x01\x02\x00\x01', 'tls'],
  ['SSH-2.0-OpenSSH_9.9\r\n', 'garbage'],
  ['hello\r\n', 'garbage'],
  ['GET  /two-spaces HTTP/1.1\r\n', 'garbage'],
  ['GET example.org HTTP/1.1\r\n', 'garbage'],
  ['\x00\x01\x02', 'garbage'],
  ['\x05\x01\x00', 'garbage'],
  ['{"json": true}', 'garbage'],
  ['x'.repeat(500), 'garbage'],
  [`GET ${'x'.repeat(500)}`, 'garbage'],
]

test.each(CASES)('%j is %s', (text, opening) => {
  expect(classifyOpening(Buffer.from(text, 'latin1'))).toBe(opening)
})

test.each(CASES)('%j is never taken for something else on the way', (text, opening) => {
  const bytes = Buffer.from(text, 'latin1')
  for (let length = 0; length <= bytes.length; length += 1)
    expect([undefined, opening]).toContain(classifyOpening(bytes.subarray(0, length)))
})

test('no more than the first bytes are ever waited for', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: LONGEST_OPENING_BYTES, maxLength: 300 }), (bytes) => {
      expect(classifyOpening(Buffer.from(bytes))).toBeDefined()
    }),
  )
  const requestLike = fc.stringMatching(/^(?:\r\n){0,3}[A-Z]{1,40} ?[a-z+:/]{128}$/)
  fc.assert(fc.property(requestLike, (text) => classifyOpening(Buffer.from(text)) !== undefined))
})
