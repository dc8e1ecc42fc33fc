import type { Duplex } from 'node:stream'
import type { Dispatcher } from 'undici'
import Client from 'undici/lib/dispatcher/client.js'
import { InterimFilter } from './interim-filter.ts'

export interface LaneLimits {
  /** How long a host may take to begin its answer, in milliseconds. */
  readonly answerMs: number
  /** How long a host may be silent in the middle of an answer, in milliseconds. */
  readonly silenceMs: number
  readonly headMaxBytes: number
}

/** Who reads the answer to a request that was written as it is. */
export interface LaneReader {
  onBytes(bytes: Buffer): void
  /** The host has ended or closed the connection; no more than once, and nothing comes after it. */
  onOver(): void
}

/** Longer than the pool keeps it; the pool ends it in order, this would cut it. */
const IDLE_MS = 10_000

/**
 * One connection to a host, on which requests go one after the other. Plain ones are written as they are; from the first
 * that needs more, or whose answer does, undici has it.
 */
export class Lane {
  /** Whether an answer came through it before; only then may a host have closed it for being idle. */
  isUsed = false
  /** On the monotonic clock, in milliseconds. */
  idleSince = 0
  private readonly origin: string
  private readonly stream: Duplex
  private readonly limits: LaneLimits
  private reader: LaneReader | undefined
  private interim: InterimFilter | undefined
  private client: Dispatcher | undefined

  constructor(origin: string, stream: Duplex, limits: LaneLimits) {
    this.origin = origin
    this.stream = stream
    this.limits = limits
    stream.on('error', () => undefined)
    stream.on('data', this.onData).on('end', this.onOver).on('close', this.onOver)
  }

  get isOpen(): boolean {
    return !this.stream.destroyed && !this.stream.readableEnded
  }

  /** Whether `ask` may be called. */
  get isPlain(): boolean {
    return this.client === undefined
  }

  /** Writes a request and gives what comes to the reader, until `rest`. */
  ask(head: string, reader: LaneReader): void {
    this.reader = reader
    this.stream.write(head, 'latin1')
  }

  /** The answer is complete. */
  rest(): void {
    this.reader = undefined
  }

  pause(): void {
    this.stream.pause()
  }

  resume(): void {
    this.stream.resume()
  }

  /**
   * Lets undici do it.
   *
   * @param onContinue is called for each "100 Continue".
   * @param answered what has come of the answer, where the request was written by `ask` already.
   */
  send(
    request: Dispatcher.DispatchOptions,
    handler: Dispatcher.DispatchHandler,
    onContinue: () => void,
    answered?: Buffer,
  ): void {
    this.interim ??= new InterimFilter(this.stream)
    this.client ??= this.createClient()
    if (answered !== undefined) answerTheNextWrite(this.stream, answered)
    this.interim.expectAnswer(onContinue)
    this.client.dispatch(request, handler)
  }

  /** Says goodbye; what was under way is finished by whoever asked for it. */
  end(): void {
    this.stream.end(() => void (this.client ?? this.stream).destroy())
  }

  /** Cuts it. Its reader hears nothing of that. */
  destroy(): void {
    this.rest()
    this.stream.destroy()
  }

  private createClient(): Dispatcher {
    const { limits, origin, stream } = this
    this.rest()
    stream.off('data', this.onData).off('end', this.onOver).off('close', this.onOver).pause()
    let isTaken = false
    return new Client(origin, {
      keepAliveTimeout: IDLE_MS,
      keepAliveMaxTimeout: IDLE_MS,
      headersTimeout: limits.answerMs,
      bodyTimeout: limits.silenceMs,
      maxHeaderSize: limits.headMaxBytes,
      connect: (_options, callback) => {
        // One lane is one connection: a second one would be another lane. And not before undici has returned, which
        // takes no notice of it then.
        const isFirst = !isTaken
        isTaken = true
        queueMicrotask(() => {
          if (isFirst) callback(null, stream as never)
          else callback(new Error('The connection is gone.'), null)
        })
      },
    })
  }

  private readonly onData = (bytes: Buffer): void => {
    // Nothing was asked: whatever that is, the next request must not get it for an answer.
    if (this.reader === undefined) this.stream.destroy()
    else this.reader.onBytes(bytes)
  }

  private readonly onOver = (): void => {
    const { reader } = this
    this.rest()
    // Half open it would stay for ever.
    if (reader === undefined) this.end()
    else this.stream.destroy()
    reader?.onOver()
  }
}

/** undici does not know that the request is on its way, and takes an answer that comes before it for a fault. */
function answerTheNextWrite(stream: Duplex, answered: Buffer): void {
  const { write } = stream
  stream.write = (): boolean => {
    stream.write = write
    stream.unshift(answered)
    return true
  }
}
