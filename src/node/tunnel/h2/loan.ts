import type { Socket } from 'node:net'
import { freeingBytes } from '../../free-bytes.ts'
import { hold, isLent } from './read-buffers.ts'

/** Of one piece, from which on more is to be expected. */
const MUCH_BYTES = 8 * 1024

/** What comes for a stream and goes to a socket without a copy. */
export class Loan {
  private readonly to: Socket
  private readonly count: (bytes: number) => void
  /** The socket has taken later what it had not at once. */
  private readonly onTaken: () => void
  private isGathering = false
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
    const isOwn = !isLent(bytes)
    let release = isOwn ? freeingBytes(bytes) : undefined
    let isTaken = false
    this.bytes += length
    if (length >= MUCH_BYTES && isOwn) this.gather()
    to.write(bytes, (error) => {
      release?.(error)
      if (isTaken) return
      this.bytes -= length
      this.onTaken()
    })
    // The system has taken all of it, as it mostly does, although that is told only later.
    isTaken = to.writableLength === 0
    if (isTaken) this.bytes -= length
    else if (!isOwn) release = hold(bytes)
    return isTaken
  }

  /** TLS gives 16 KiB at a time, and each write costs as much as the bytes in it. */
  private gather(): void {
    if (this.isGathering) return
    this.isGathering = true
    this.to.cork()
    setImmediate(() => {
      this.isGathering = false
      this.to.uncork()
    })
  }
}
