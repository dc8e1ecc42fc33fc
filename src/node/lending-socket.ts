import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { freeBytes, freeingBytes } from './free-bytes.ts'
import { mayReset } from './reset-socket.ts'

/** Node would allocate 64 KiB for every read, however little comes, and leave it to the garbage collector. */
const READ_BYTES = 131_072
/** Reads below this are no bulk. */
const LITTLE_BYTES = 16_384
/** Buffers that are kept for the next read of many transfers at once: 4 MiB. */
const SPARE_MAX = 32

/** All sockets read into this one, and each takes its bytes out before the next one reads. */
const shared = Buffer.allocUnsafeSlow(READ_BYTES)
const spare: Buffer[] = []

/**
 * A connection that keeps half-close and has no delay, and that can write what it reads to another socket without a
 * copy. It reads into the common buffer, or while much comes into one of its own.
 */
export class LendingSocket extends Socket {
  private own: Buffer | undefined
  private to: Duplex | undefined
  private count: (bytes: number) => void = () => undefined

  constructor() {
    super({
      allowHalfOpen: true,
      noDelay: true,
      onread: {
        buffer: () => this.own ?? shared,
        callback: (count, buffer) => this.passOn(Buffer.from(buffer.buffer, buffer.byteOffset, count)),
      },
    })
  }

  override resetAndDestroy(): this {
    return mayReset(this) ? super.resetAndDestroy() : this.destroy()
  }

  /**
   * Writes everything that comes to another socket, with backpressure; instead of `data`. The end is left to the caller.
   *
   * @param to one whose `writableLength` tells whether it still needs the memory of what was written.
   * @param count gets the number of bytes of each read.
   */
  lendTo(to: Duplex, count: (bytes: number) => void): void {
    this.to = to
    this.count = count
    const early: Buffer | null = this.read()
    if (early !== null) {
      count(early.length)
      to.write(early)
    }
    this.on('close', () => {
      if (this.own !== undefined) giveBack(this.own)
      this.own = undefined
    })
  }

  /** @returns false where reading has to wait. */
  private passOn(bytes: Buffer): boolean {
    const { own, to } = this
    if (to === undefined) return this.push(Buffer.from(bytes))
    this.count(bytes.length)
    if (to.destroyed || to.writableEnded) return true
    if (own !== undefined) return this.lend(to, bytes, own)
    if (bytes.length === READ_BYTES) this.own = borrow()
    if (bytes.length < LITTLE_BYTES) return to.write(Buffer.from(bytes))
    const copy = Buffer.allocUnsafeSlow(bytes.length)
    copy.set(bytes)
    return to.write(copy, freeingBytes(copy))
  }

  private lend(to: Duplex, bytes: Buffer, own: Buffer): boolean {
    let isFree = false
    to.write(bytes, () => {
      if (isFree) return
      giveBack(own)
      this.resume()
    })
    // The system has taken all of it, as it mostly does, although that is told only later.
    isFree = to.writableLength === 0
    if (!isFree) this.own = borrow()
    else if (bytes.length < LITTLE_BYTES) {
      giveBack(own)
      this.own = undefined
    }
    return isFree
  }
}

function borrow(): Buffer {
  return spare.pop() ?? Buffer.allocUnsafeSlow(READ_BYTES)
}

function giveBack(buffer: Buffer): void {
  if (spare.length < SPARE_MAX) spare.push(buffer)
  else freeBytes(buffer)
}
