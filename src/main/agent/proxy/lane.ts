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

/** Longer than the pool keeps it; the pool ends it in order, this would cut it. */
const IDLE_MS = 10_000

/** One connection to a host, on which requests go one after the other. */
export class Lane {
  /** Whether an answer came through it before; only then may a host have closed it for being idle. */
  isUsed = false
  /** On the monotonic clock, in milliseconds. */
  idleSince = 0
  private readonly client: Dispatcher
  private readonly stream: Duplex
  private readonly interim: InterimFilter

  constructor(origin: string, stream: Duplex, limits: LaneLimits) {
    this.stream = stream
    stream.on('error', () => undefined)
    this.interim = new InterimFilter(stream)
    let isTaken = false
    this.client = new Client(origin, {
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

  get isOpen(): boolean {
    return !this.stream.destroyed && !this.stream.readableEnded
  }

  /** @param onContinue is called for each "100 Continue". */
  send(
    request: Dispatcher.DispatchOptions,
    handler: Dispatcher.DispatchHandler,
    onContinue: () => void,
  ): void {
    this.interim.expectAnswer(onContinue)
    this.client.dispatch(request, handler)
  }

  /** Says goodbye; what was under way is finished by whoever asked for it. */
  end(): void {
    this.stream.end(() => void this.client.destroy())
  }
}
