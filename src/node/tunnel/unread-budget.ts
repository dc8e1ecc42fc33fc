import type { Duplex } from 'node:stream'
import { AppError } from '../../shared/errors/app-error.ts'

/** A stream that holds what came for it until somebody reads it. */
export interface HoldingStream extends Duplex {
  /** Bytes. */
  readonly unread: number
  /** Grows with every read. */
  readonly reads: number
}

interface Look {
  readonly reads: number
  readonly unread: number
  /** Looks in a row at which nobody had read from it. */
  readonly still: number
}

const LOOK_MS = 1_000
/** A reader that stands still for less is everyday life. */
const STILL_LOOKS = 5

/**
 * What the streams of one connection may hold together, in bytes. Each has a window of its own, but many that nobody
 * reads would use up the memory, and with HTTP/2 the window of the connection, so that nothing came for the others any
 * more. Above the limit those are cut that have stood still for longest. Owns its timer.
 */
export class UnreadBudget {
  private readonly limitBytes: number
  private readonly looks = new Map<HoldingStream, Look>()
  private timer: NodeJS.Timeout | undefined

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes
  }

  add(stream: HoldingStream): void {
    // Opened and cut in one breath, it would never say so again.
    if (stream.closed) return
    this.looks.set(stream, { reads: 0, unread: 0, still: 0 })
    stream.once('close', () => {
      this.looks.delete(stream)
      if (this.looks.size === 0) this.rest()
    })
    this.timer ??= setInterval(() => this.look(), LOOK_MS).unref()
  }

  private rest(): void {
    clearInterval(this.timer)
    this.timer = undefined
  }

  private look(): void {
    let held = 0
    for (const [stream, before] of this.looks) {
      const { reads, unread } = stream
      held += unread
      const isStill = unread > 0 && unread === before.unread && reads === before.reads
      this.looks.set(stream, { reads, unread, still: isStill ? before.still + 1 : 0 })
    }
    if (held > this.limitBytes) this.cut(held - this.limitBytes)
  }

  private cut(bytes: number): void {
    const still = [...this.looks].filter(([, look]) => look.still >= STILL_LOOKS)
    still.sort(([, one], [, other]) => other.still - one.still)
    let left = bytes
    for (const [stream, { unread }] of still) {
      if (left <= 0) return
      left -= unread
      stream.destroy(
        new AppError('egress.timeout', 'Nobody read this connection, and others needed its place.'),
      )
    }
  }
}
