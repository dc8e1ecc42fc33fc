import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SseScanner } from '../../../../src/relay/upstreams/sse-scanner.ts'
import { type Dialect, encodeReply } from '../../../support/upstreams/dialects.ts'

const EXTRAS = { besideUsage: {}, insideUsage: {} }
const REPLY = {
  text: 'Grüße "finish_reason":"stop" und data: [DONE] 🙂',
  toolCalls: [{ name: 'f', arguments: {} }],
}
const DIALECTS: readonly Dialect[] = ['chat', 'responses', 'messages']

function scan(dialect: Dialect, text: string, cuts: readonly number[]): SseScanner {
  const bytes = Buffer.from(text)
  const scanner = new SseScanner(dialect)
  let start = 0
  for (const cut of [...cuts.map((at) => at % bytes.length), bytes.length].sort((a, b) => a - b)) {
    scanner.push(bytes.subarray(start, cut))
    start = cut
  }
  return scanner
}

describe.each(DIALECTS)('a %s stream', (dialect) => {
  const { events, errorEvent } = encodeReply(dialect, REPLY, 'm', EXTRAS)

  test('is complete after its last event, however its bytes are cut', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 20 }), (cuts) => {
        const scanner = scan(dialect, events.join(''), cuts)
        expect([scanner.ending, scanner.isBetweenEvents]).toEqual(['completed', true])
      }),
    )
  })

  test('is not complete at any event before those that end it', () => {
    const open = events.slice(0, -3).join('')
    expect(scan(dialect, open, []).ending).toBeUndefined()
  })

  test('has failed after an error event', () => {
    const text = events.slice(0, 3).join('') + errorEvent
    expect(scan(dialect, text, [7, 90]).ending).toBe('failed')
  })

  test('is between events exactly at the end of an event', () => {
    const text = events[0] ?? ''
    for (let length = 1; length < text.length; length++)
      expect(scan(dialect, text.slice(0, length), []).isBetweenEvents).toBe(false)
    expect(scan(dialect, text, []).isBetweenEvents).toBe(true)
  })
})

test('comments are no content', () => {
  const scanner = new SseScanner('chat')
  expect(scanner.push(Buffer.from(': OPENROUTER PROCESSING\n\n'))).toBe(false)
  expect(scanner.push(Buffer.from(': OPEN'))).toBe(false)
  expect(scanner.push(Buffer.from('ROUTER\n\n'))).toBe(false)
  expect(scanner.push(Buffer.from('data: {}\n\n'))).toBe(true)
})

test('events that end with carriage returns are understood', () => {
  const scanner = scan('chat', 'data: {"a":1}\r\n\r\ndata: [DONE]\r\n\r\n', [3, 14, 15, 16])
  expect([scanner.ending, scanner.isBetweenEvents]).toEqual(['completed', true])
})

test('a terminal event of many megabytes is recognised without being held', () => {
  const scanner = new SseScanner('responses')
  scanner.push(Buffer.from('event: x\ndata: {"type":"response.completed","response":{"text":"'))
  for (let index = 0; index < 64; index++) scanner.push(Buffer.alloc(65_536, 'a'))
  scanner.push(Buffer.from('"}}\n\n'))
  expect(scanner.ending).toBe('completed')
})
