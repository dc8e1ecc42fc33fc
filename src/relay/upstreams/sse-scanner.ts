import type { AppError } from '../../shared/errors/app-error.ts'
import { type Dialect, errorEvent } from '../server/error-response.ts'
import type { Ending, StreamScanner } from './stream-scanner.ts'

/** Of one line only so much is looked at: beginnings name the event, ends hold what finishes it. */
const LINE_PART = 4096
const LINE_FEED = 0x0a

/**
 * Watches a stream of server-sent events go by without holding it: where one event ends, whether anything but
 * comments came, and whether the terminal event of the dialect was seen.
 * https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
export class SseScanner implements StreamScanner {
  readonly heartbeat = ': keep-alive\n\n'
  private readonly dialect: Dialect
  /** The unfinished line, shortened in the middle. Latin-1, since only ASCII is looked for. */
  private line = ''
  private previousLineEmpty = true
  private seen: Ending
  private contentSeen = false

  constructor(dialect: Dialect) {
    this.dialect = dialect
  }

  /** Between two events: something may be put in here. */
  get isBetweenEvents(): boolean {
    return this.previousLineEmpty && this.line === ''
  }

  get ending(): Ending {
    return this.seen
  }

  /** @returns true when the chunk held anything but comments and empty lines. */
  push(chunk: Buffer): boolean {
    this.contentSeen = false
    let start = 0
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
      this.endLine(this.line + chunk.toString('latin1', start, end))
      this.line = ''
      start = end + 1
    }
    if (start < chunk.length) {
      this.line = shorten(this.line + chunk.toString('latin1', start))
      if (!this.line.startsWith(':')) this.contentSeen = true
    }
    return this.contentSeen
  }

  failure(error: AppError): string {
    // An event that was cut in half is ended first, so that ours is not taken for its rest.
    return `${this.isBetweenEvents ? '' : '\n\n'}${errorEvent(this.dialect, error)}`
  }

  private endLine(raw: string): void {
    const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw
    this.previousLineEmpty = line === ''
    if (line === '' || line.startsWith(':')) return
    this.contentSeen = true
    this.seen = ENDINGS[this.dialect](line) ?? this.seen
  }
}

const FINISH_REASON = /"finish_reason"\s*:\s*"(\w+)"/
const RESPONSE_EVENT = /^(?:event: ?|data: ?\{"type": ?")(response\.(?:completed|incomplete|failed)|error)"?/
const MESSAGE_EVENT = /^(?:event: ?|data: ?\{"type": ?")(message_stop|error)"?/

/** Quotes inside of JSON strings are escaped, so these patterns cannot match in what a model has written. */
const ENDINGS: Readonly<Record<Dialect, (line: string) => Ending>> = {
  chat: chatEnding,
  // Ollama's own API sends no events.
  ollama: chatEnding,
  responses: (line) => {
    const event = RESPONSE_EVENT.exec(line)?.[1]
    if (event === undefined) return undefined
    return event === 'response.failed' || event === 'error' ? 'failed' : 'completed'
  },
  messages: (line) => {
    const event = MESSAGE_EVENT.exec(line)?.[1]
    if (event === undefined) return undefined
    return event === 'error' ? 'failed' : 'completed'
  },
}

function chatEnding(line: string): Ending {
  if (/^data: ?\[DONE\]/.test(line)) return 'completed'
  if (/^data: ?\{"error"/.test(line)) return 'failed'
  const reason = FINISH_REASON.exec(line)?.[1]
  if (reason === undefined) return undefined
  return reason === 'error' ? 'failed' : 'completed'
}

function shorten(line: string): string {
  return line.length <= 2 * LINE_PART ? line : line.slice(0, LINE_PART) + line.slice(-LINE_PART)
}
