import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type Envelope,
  formatEnvelope,
  parseEnvelope,
} from '../../../../../src/shared/protocol/tunnel/envelopes.ts'
import { LineSplitter } from '../../../../../src/shared/protocol/tunnel/line-splitter.ts'

const id = fc.string({ minLength: 1, maxLength: 16, unit: 'binary' })
const base64 = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes).toString('base64'))
const headers = fc.dictionary(
  // A header of this name is left out on purpose: no object may get another prototype from outside.
  fc.string({ maxLength: 10 }).filter((name) => name !== '__proto__'),
  fc.array(fc.string({ unit: 'binary', maxLength: 20 })),
)
const envelope: fc.Arbitrary<Envelope> = fc.oneof(
  fc.record({ type: fc.constant('connect_open' as const), payload: fc.record({ id, address: id }) }),
  fc.record({ type: fc.constant('connect_data' as const), payload: fc.record({ id, chunk: base64 }) }),
  fc.record({
    type: fc.constant('connect_close' as const),
    payload: fc.record({ id, error: fc.string({ unit: 'binary' }) }, { requiredKeys: ['id'] }),
  }),
  fc.record({
    type: fc.constant('connect_ack' as const),
    payload: fc.record({ id, ok: fc.boolean(), error: fc.string() }, { requiredKeys: ['id', 'ok'] }),
  }),
  fc.record({
    type: fc.constant('http_request' as const),
    payload: fc.record({ id, method: fc.constant('GET'), url: id, headers, body: base64 }),
  }),
  fc.record({
    type: fc.constant('ws_message' as const),
    payload: fc.record({ id, message_type: fc.nat(15), data: base64 }),
  }),
)

/** Cuts bytes at any places. */
function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const ends = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b)
  return [0, ...ends].map((start, index) => bytes.subarray(start, ends[index] ?? bytes.length))
}

test('envelopes arrive whole and in order however their bytes are cut', () => {
  fc.assert(
    fc.property(
      fc.array(envelope, { maxLength: 8 }),
      fc.array(fc.nat(), { maxLength: 30 }),
      (sent, places) => {
        const bytes = Buffer.from(sent.map(formatEnvelope).join(''))
        const splitter = new LineSplitter(1_000_000)
        const lines = cut(bytes, places).flatMap((piece) => {
          const found = splitter.push(piece)
          if (found === 'too-long') throw new Error('too long')
          return found
        })
        const received = lines.map((line) => parseEnvelope(Buffer.from(line).toString('utf8')))
        expect(received).toEqual(sent.map((one) => ({ kind: 'envelope', envelope: one })))
      },
    ),
    { numRuns: 500 },
  )
})

test('a line is never held beyond its limit, however it is cut', () => {
  fc.assert(
    fc.property(fc.nat(200), fc.array(fc.nat(), { maxLength: 20 }), (length, places) => {
      const splitter = new LineSplitter(100)
      const results = cut(Buffer.alloc(length, 'a'), places).map((piece) => splitter.push(piece))
      expect(results.includes('too-long')).toBe(length > 100)
    }),
  )
})

test('whatever comes, a line is an envelope, unknown or broken', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.json()), (text) => {
      expect(['envelope', 'unknown', 'broken']).toContain(parseEnvelope(text).kind)
    }),
    { numRuns: 1_000 },
  )
})

describe('a line', () => {
  test.each([
    ['not JSON', '{"type":', 'broken'],
    ['JSON that is no envelope', '[1,2]', 'broken'],
    ['a type from the prototype', '{"type":"toString","payload":{}}', 'unknown'],
    ['a type of another version', '{"type":"new_thing","payload":{}}', 'unknown'],
    ['a payload of another form', '{"type":"connect_open","payload":{"id":7}}', 'unknown'],
    ['an id that is too long', `{"type":"connect_end","payload":{"id":"${'x'.repeat(65)}"}}`, 'unknown'],
    ['fields that are not known', '{"type":"connect_end","payload":{"id":"1","new":1}}', 'envelope'],
    [
      'a body that is null, as Go sends it',
      '{"type":"http_request","payload":{"id":"1","method":"GET","url":"http://a/","headers":{},"body":null}}',
      'envelope',
    ],
  ])('with %s is understood as such', (_what, line, kind) => {
    expect(parseEnvelope(line).kind).toBe(kind)
  })
})

test('a header that would be a prototype is left out, and the others stay', () => {
  const text =
    '{"type":"http_request","payload":{"id":"1","method":"GET","url":"http://a/","headers":{"__proto__":["x"],"a":["b"]}}}'
  const parsed = parseEnvelope(text)
  expect(parsed).toMatchObject({ kind: 'envelope', envelope: { payload: { headers: { a: ['b'] } } } })
  expect(JSON.stringify(parsed)).not.toContain('__proto__')
})
