import type { Socket } from 'node:net'
import { CODE, FRAME, H2Error, HEADER_BYTES } from './codes.ts'
import { writeHead } from './frames.ts'

/** What goes out at once. */
const BATCH_BYTES = 256 * 1024
/** One frame that is larger belongs to a bulk transfer. */
const QUIET_BYTES = 16 * 1024
/** Frames without data that a peer lets wait, which does not read. */
const OVERFLOW_MAX_BYTES = 2 ** 20
const SPARE_MAX = 8
const spare: Buffer[] = []

/**
 * Frames in their order, gathered until the event loop has gone round and written at once; where there is only one small
 * one now and then, it does not wait for that. Data is copied here only while there is room, so that streams wait and
 * not their bytes.
 */
export class Outbox {
  private readonly socket: Socket
  /** Streams may be waiting for room. */
  private readonly onRoom: () => void
  private batch: Buffer | undefined
  private filled = 0
  private overflow: Buffer[] = []
  private overflowBytes = 0
  private isWriting = false
  private scheduled: NodeJS.Immediate | undefined
  private isTickScheduled = false
  /** Since the last write. */
  private frames = 0
  /** The last write was one small frame, and the next one is expected to be. */
  private isQuiet = true

  constructor(socket: Socket, onRoom: () => void) {
    this.socket = socket
    this.onRoom = onRoom
  }

  /** For the payload of one DATA frame. */
  get room(): number {
    return this.overflow.length > 0 ? 0 : Math.max(0, BATCH_BYTES - this.filled - HEADER_BYTES)
  }

  /** @throws H2Error for a peer that causes answers and does not take them. */
  push(frame: Buffer): void {
    if (this.socket.destroyed || this.socket.writableEnded) return
    if (this.overflow.length > 0 || this.filled + frame.length > BATCH_BYTES) {
      this.overflow.push(frame)
      this.overflowBytes += frame.length
      if (this.overflowBytes > OVERFLOW_MAX_BYTES)
        throw new H2Error(CODE.enhanceYourCalm, 'the peer does not read')
    } else {
      frame.copy(this.take(), this.filled)
      this.filled += frame.length
    }
    this.schedule()
  }

  /** One DATA frame, that is not longer than `room`. The bytes are the caller's again. */
  data(id: number, flags: number, bytes: Uint8Array): void {
    const batch = this.take()
    writeHead(batch, this.filled, { length: bytes.length, type: FRAME.data, flags, id })
    batch.set(bytes, this.filled + HEADER_BYTES)
    this.filled += HEADER_BYTES + bytes.length
    if (this.filled > BATCH_BYTES / 2 && !this.isWriting) this.flush()
    else this.schedule()
  }

  /** Writes what there is, unless a write is under way, after which that happens anyhow. */
  flush(): void {
    const { batch, socket } = this
    this.cancel()
    if (this.isWriting || batch === undefined || this.filled === 0) return
    if (socket.destroyed || socket.writableEnded) return
    const bytes = batch.subarray(0, this.filled)
    this.isQuiet = this.frames <= 1 && this.filled < QUIET_BYTES
    this.frames = 0
    this.batch = undefined
    this.filled = 0
    this.isWriting = true
    // TLS has encrypted or copied it when this returns, where nothing was waiting before.
    const isTaken = socket.writableLength === 0
    socket.write(bytes, () => this.written())
    if (isTaken && spare.length < SPARE_MAX) spare.push(batch)
    this.refill()
  }

  /** Writes all, and ends the connection. */
  end(): void {
    this.flush()
    const { socket } = this
    if (socket.destroyed || socket.writableEnded) return
    if (this.filled > 0 && this.batch !== undefined) socket.write(this.batch.subarray(0, this.filled))
    for (const frame of this.overflow) socket.write(frame)
    this.drop()
    socket.end()
  }

  drop(): void {
    this.cancel()
    this.batch = undefined
    this.filled = 0
    this.overflow = []
  }

  private written(): void {
    this.isWriting = false
    this.refill()
    this.onRoom()
    this.flush()
  }

  private refill(): void {
    const { overflow } = this
    if (overflow.length === 0) return
    this.overflow = []
    this.overflowBytes = 0
    for (const frame of overflow) this.push(frame)
  }

  private take(): Buffer {
    this.batch ??= spare.pop() ?? Buffer.allocUnsafeSlow(BATCH_BYTES)
    return this.batch
  }

  private schedule(): void {
    this.frames += 1
    if (this.isWriting) return
    if (this.isQuiet) this.scheduleTick()
    else this.scheduleTurn()
  }

  /** What the same event causes goes along. */
  private scheduleTick(): void {
    if (this.isTickScheduled) return
    this.isTickScheduled = true
    process.nextTick(() => {
      this.isTickScheduled = false
      this.flush()
    })
  }

  private scheduleTurn(): void {
    this.scheduled ??= setImmediate(() => {
      this.scheduled = undefined
      this.flush()
    })
  }

  private cancel(): void {
    if (this.scheduled !== undefined) clearImmediate(this.scheduled)
    this.scheduled = undefined
  }
}
