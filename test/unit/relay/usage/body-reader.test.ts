import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BodyReader } from '../../../../src/relay/usage/body-reader.ts'
import { BODY_SHAPES, makeBody } from '../../../support/make-body.ts'

const EVENTS = 'text/event-stream'

function read(text: string, contentType = EVENTS, cuts: readonly number[] = []): BodyReader {
  const reader = new BodyReader(contentType, '', true)
  const bytes = Buffer.from(text)
  let from = 0
  for (const cut of [...cuts, bytes.length]) {
    // A copy that is wiped afterwards, as a socket does with its buffer.
    const chunk = Buffer.from(bytes.subarray(from, cut))
    reader.read(chunk)
    chunk.fill(0)
    from = cut
  }
  return reader
}

describe('body reader', () => {
  it('reads the same usage however the bytes are cut and whichever line ends are used', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...BODY_SHAPES),
        fc.nat(1_000_000),
        fc.nat(1000),
        fc.nat(100_000),
        fc.constantFrom('\n', '\r\n', '\r'),
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 40 }),
        (shape, plain, cached, output, lineEnd, places) => {
          const { contentType, text } = makeBody(shape, {
            input: plain + cached,
            cached,
            output,
            nanoAiu: 123,
          })
          const body = shape === 'json' ? text : text.replaceAll('\r\n', '\n').replaceAll('\n', lineEnd)
          const size = Buffer.byteLength(body)
          const cuts = places.map((place) => Math.floor(place * size)).sort((left, right) => left - right)
          const { measurement } = read(body, contentType, cuts)
          expect(measurement.tokens()).toEqual({
            input: plain + cached,
            cachedInput: cached,
            cacheWrite: 0,
            output,
            reasoning: 0,
          })
          expect(measurement.creditsNano).toBe(123n)
          expect(measurement.isError).toBe(false)
        },
      ),
      { numRuns: 300 },
    )
  })

  it('reads the same usage when every byte comes alone', () => {
    for (const shape of BODY_SHAPES) {
      const { contentType, text } = makeBody(shape, { input: 12, cached: 3, output: 5, nanoAiu: 7 })
      const cuts = Array.from({ length: Buffer.byteLength(text) }, (_, index) => index)
      expect(read(text, contentType, cuts).measurement.tokens()).toMatchObject({
        input: 12,
        cachedInput: 3,
        output: 5,
      })
    }
  })

  it('keeps what was said before a stream was cut', () => {
    const { text } = makeBody('messages', { input: 100, cached: 40, output: 50 })
    const { measurement } = read(text.slice(0, text.indexOf('event: message_delta')))
    expect(measurement.tokens()).toEqual({
      input: 100,
      cachedInput: 40,
      cacheWrite: 0,
      output: 1,
      reasoning: 0,
    })
  })

  it('never throws and never invents usage, whatever comes', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 500 }),
        fc.constantFrom(EVENTS, 'application/json', ''),
        (bytes, type) => {
          const reader = new BodyReader(type, '', true)
          reader.read(bytes)
          expect(reader.measurement.tokens()).toBeUndefined()
        },
      ),
    )
  })

  it('does not take text of the answer or nested objects for usage', () => {
    const body = JSON.stringify({
      choices: [{ usage: { prompt_tokens: 5 } }],
      other: { usage: { prompt_tokens: 6 } },
      response: { nested: { usage: { prompt_tokens: 7 } } },
      text: '"usage":{"prompt_tokens":8}',
    })
    expect(read(body, 'application/json').measurement.tokens()).toBeUndefined()
  })

  it('finds the usage behind a 20 MB value that is too large to be kept', () => {
    const reader = new BodyReader('application/json', '', false)
    const piece = Buffer.from('y'.repeat(65_536))
    reader.read(Buffer.from('{"copilot_usage":"'))
    for (let sent = 0; sent < 20_000_000; sent += piece.length) reader.read(piece)
    reader.read(Buffer.from('","usage":{"prompt_tokens":4,"completion_tokens":"2"}}'))
    expect(reader.measurement.tokens()).toMatchObject({ input: 4, output: 2 })
  })

  it.each([
    [
      'an OpenRouter error chunk in mid-stream',
      'data: {"error":{"code":502},"choices":[{"finish_reason":"error"}]}\n\n',
    ],
    [
      'an Anthropic error event',
      'event: error\ndata: {"type":"error","error":{"type":"overloaded_error"}}\n\n',
    ],
    ['a failed response', 'data: {"type":"response.failed","response":{"error":{"code":"x"}}}\n\n'],
  ])('sees %s', (_, body) => {
    expect(read(body).measurement.isError).toBe(true)
  })

  it('reads the cost of OpenRouter to the last digit and keeps it out of doubles', () => {
    const { measurement } = read(
      'data: {"usage":{"prompt_tokens":1,"completion_tokens":1,"cost":3.75e-8}}\n\n',
    )
    expect(measurement.costPico).toBe(37_500n)
  })

  it('falls back to the token details of the bill', () => {
    const bill = {
      token_details: [
        { token_type: 'input', token_count: 10 },
        { token_type: 'cache_read', token_count: '5' },
        { token_type: 'output', token_count: 3 },
      ],
      total_nano_aiu: '42',
    }
    const { measurement } = read(`data: ${JSON.stringify({ copilot_usage: bill })}\n\n`)
    expect(measurement.tokens()).toEqual({
      input: 15,
      cachedInput: 5,
      cacheWrite: 0,
      output: 3,
      reasoning: 0,
    })
    expect(measurement.creditsNano).toBe(42n)
  })

  it.each([['"-3"'], ['1e300'], ['{}'], ['true'], ['"NaN"']])('takes %s for no token count', (value) => {
    expect(read(`data: {"usage":{"prompt_tokens":${value}}}\n\n`).measurement.tokens()).toBeUndefined()
  })

  it('leaves compressed and plain text bodies alone', () => {
    const { text } = makeBody('json', { input: 1, cached: 0, output: 1 })
    for (const [type, encoding] of [
      ['application/json', 'gzip'],
      ['text/plain', ''],
    ] as const) {
      const reader = new BodyReader(type, encoding, false)
      reader.read(Buffer.from(text))
      expect(reader.measurement.tokens()).toBeUndefined()
    }
  })
})
