import type { AppError } from '../../shared/errors/app-error.ts'
import { errorLine } from '../server/error-response.ts'
import type { Ending, StreamScanner } from './stream-scanner.ts'

const LINE_FEED = 0x0a
/** Lines with an image in them are longer, and are no last ones. */
const LINE_MAX = 1_048_576
/** Of a longer one: `done` comes before the context of `/api/generate`, which may be all its length. */
const HEAD_LENGTH = 4096

/**
 * Watches the lines of Ollama's own API go by: whether the last one came, and whether it tells of a failure, which
 * Ollama can only do inside of a 200 once it has begun.
 * https://github.com/ollama/ollama/blob/main/docs/api/streaming.mdx
 */
export class NdjsonScanner implements StreamScanner {
  private line = ''
  private isTooLong = false
  private seen: Ending

  get isBetweenEvents(): boolean {
    return this.line === ''
  }

  get ending(): Ending {
    return this.seen
  }

  /** A blank before the next line means nothing to any reader of JSON; an empty line is a mistake to some. */
  get heartbeat(): string | undefined {
    return this.seen === undefined ? ' ' : undefined
  }

  push(chunk: Buffer): boolean {
    let start = 0
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
      this.keep(chunk, start, end)
      this.endLine()
      start = end + 1
    }
    if (start < chunk.length) this.keep(chunk, start, chunk.length)
    return chunk.length > 0
  }

  failure(error: AppError): string {
    return `${this.isBetweenEvents ? '' : '\n'}${errorLine(error)}`
  }

  /** Latin-1, since only ASCII is looked for. */
  private keep(chunk: Buffer, start: number, end: number): void {
    if (this.isTooLong) return
    this.line += chunk.toString('latin1', start, end)
    this.isTooLong = this.line.length > LINE_MAX
    if (this.isTooLong) this.line = this.line.slice(0, HEAD_LENGTH)
  }

  private endLine(): void {
    const { line, isTooLong } = this
    this.line = ''
    this.isTooLong = false
    if (isTooLong) this.seen = /"done":true,"done_reason"/.test(line) ? 'completed' : this.seen
    else if (/"(?:done|error|status)"/.test(line)) this.seen = endingOf(line) ?? this.seen
  }
}

function endingOf(line: string): Ending {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null) return undefined
  if ('error' in value && value.error !== '' && value.error !== null) return 'failed'
  const isLast = ('done' in value && value.done === true) || ('status' in value && value.status === 'success')
  return isLast ? 'completed' : undefined
}
