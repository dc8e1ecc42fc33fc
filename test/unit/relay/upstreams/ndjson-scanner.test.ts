import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { NdjsonScanner } from '../../../../src/relay/upstreams/ndjson-scanner.ts'
import { AppError } from '../../../../src/shared/errors/app-error.ts'
import { encodeAnswer } from '../../../support/upstreams/ollama/encode.ts'

const REPLY = {
  text: 'Grüße "done":true und {"error":"x"} 🙂',
  toolCalls: [{ name: 'finish', arguments: { done: true, error: 'e', status: 'success' } }],
}
const { pieces, failure } = encodeAnswer('chat', REPLY, 'm', {})

function scan(text: string, cuts: readonly number[] = []): NdjsonScanner {
  const bytes = Buffer.from(text)
  const scanner = new NdjsonScanner()
  let start = 0
  for (const cut of [...cuts.map((at) => at % bytes.length), bytes.length].sort((a, b) => a - b)) {
    scanner.push(bytes.subarray(start, cut))
    start = cut
  }
  return scanner
}

describe('a stream of lines', () => {
  test('is complete after the last one, however its bytes are cut', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 20 }), (cuts) => {
        const scanner = scan(pieces.join(''), cuts)
        expect([scanner.ending, scanner.isBetweenEvents]).toEqual(['completed', true])
      }),
    )
  })

  test('is not complete before that, whatever a model or a tool says', () => {
    expect(scan(pieces.slice(0, -1).join('')).ending).toBeUndefined()
  })

  test('has failed when a line says so, also after others', () => {
    expect(scan(`${pieces[0]}${failure}`, [7]).ending).toBe('failed')
  })

  test('of a pull is complete with its success', () => {
    expect(scan('{"status":"pulling manifest"}\n').ending).toBeUndefined()
    expect(scan('{"status":"pulling manifest"}\n{"status":"success"}\n').ending).toBe('completed')
  })

  test('may have a line of any length', () => {
    const context = Array.from({ length: 400_000 }, (_, index) => index).join(',')
    const last = `{"model":"m","response":"","done":true,"done_reason":"stop","context":[${context}]}\n`
    expect(scan(last, [3, 999_999]).ending).toBe('completed')
    const image = `{"model":"m","response":"","image":"${'A'.repeat(2_000_000)}","done":false}\n`
    expect(scan(image).ending).toBeUndefined()
  })

  test('may be kept alive with what no reader of JSON minds, until its last line', () => {
    const open = scan(pieces.slice(0, 2).join(''))
    expect(JSON.parse(`${open.heartbeat}${open.heartbeat}${pieces[2]}`)).toEqual(JSON.parse(pieces[2] ?? ''))
    expect(scan(pieces.join('')).heartbeat).toBeUndefined()
  })

  test('is told of a failure in a line of its own', () => {
    const error = new AppError('relay.stream-stalled', 'It stopped.', { remedy: 'Try again.' })
    for (const [before, lines] of [
      ['{"done":false}\n', 1],
      ['{"done":fa', 2],
    ] as const) {
      const text = scan(before).failure(error)
      expect(text.split('\n')).toHaveLength(lines + 1)
      expect(JSON.parse(text.trim())).toMatchObject({
        error: 'It stopped. Try again.',
        relay: { code: 'relay.stream-stalled' },
      })
    }
  })
})
