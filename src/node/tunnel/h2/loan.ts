import type { Socket } from 'node:net'
import { type Gatherer, gather, hasGathered, writeGathered } from './gathering.ts'
import { hold, isLent } from './read-buffers.ts'

/** Of one piece, from which on more is to be expected. */
const MUCH_BYTES = 8 * 1024

/** What comes for a stream and goes to a socket: little of it at once and without a copy, much of it gathered. */
export class Loan implements Gatherer {
  readonly to: Socket
  private readonly count: (bytes: number) => void
  /** The socket has taken later what it had not at once. */
  private readonly onTaken: () => void
  /** That the socket has not taken yet. */
  bytes = 0

  constructor(to: Socket, count: (bytes: number) => void, onTaken: () => void) {
    this.to = to
    this.count = count
    this.onTaken = onTaken
  }

  /** @returns whether they are taken, or lost with the socket. */
  lend(bytes: Buffer): boolean {
    const { to } = this
    const { length } = bytes
    this.count(length)
    if (to.destroyed || to.writableEnded) return true
    this.bytes += length
    if (length >= MUCH_BYTES || hasGathered(this)) {
      gather(this, bytes)
      return false
    }
    let release: (() => void) | undefined
    let isTaken = false
    to.write(bytes, () => {
      release?.()
      if (!isTaken) this.taken(length)
    })
    // The system has taken all of it, as it mostly does, although that is told only later.
    isTaken = to.writableLength === 0
    if (isTaken) this.bytes -= length
    else if (isLent(bytes)) release = hold(bytes)
    return isTaken
  }

  /** Nothing more comes. */
  end(): void {
    writeGathered(this)
  }

  taken(bytes: number): void {
    this.bytes -= bytes
    this.onTaken()
  }
}
