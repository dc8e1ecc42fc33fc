import { CODE, FLAG, FRAME, H2Error, HEADER_BYTES } from './codes.ts'

export interface FrameHeader {
  readonly length: number
  readonly type: number
  readonly flags: number
  readonly id: number
}

export interface FrameHandler {
  /** A DATA frame begins: the whole of it counts in the windows (RFC 9113 §6.1). */
  dataBegins(header: FrameHeader): void
  /** A piece of it, that may be lent; see ReadBuffers. */
  data(id: number, piece: Buffer): void
  /** It is complete; @param padding octets that were no data. */
  dataEnds(header: FrameHeader, padding: number): void
  /** Any other frame that means something; its payload is only good until this returns. */
  frame(header: FrameHeader, payload: Buffer): void
}

/** What frames without data may have; those of our peers are far smaller. */
const MAX_SMALL_FRAME = 65_536

/** Takes a connection apart (RFC 9113 §4.1), as its bytes come: those of DATA are handed on where they lie. */
export class FrameReader {
  private readonly handler: FrameHandler
  private readonly maxFrameBytes: number
  private preface: Buffer
  private readonly head = Buffer.alloc(HEADER_BYTES)
  private headBytes = 0
  private frame: FrameHeader | undefined
  private payload: Buffer | undefined
  /** Octets of the payload that are to come. */
  private left = 0
  private padding = -1
  private isStopped = false
  private isHeld = false

  /** @param preface what comes before the first frame (RFC 9113 §3.4). */
  constructor(handler: FrameHandler, maxFrameBytes: number, preface: Buffer) {
    this.handler = handler
    this.maxFrameBytes = maxFrameBytes
    this.preface = preface
  }

  stop(): void {
    this.isStopped = true
  }

  /** Leaves the rest of what it was given. */
  hold(): void {
    this.isHeld = true
  }

  /** @returns how many bytes it has taken: all, unless it was held. @throws H2Error */
  push(chunk: Buffer): number {
    this.isHeld = false
    let at = this.preface.length === 0 ? 0 : this.skipPreface(chunk)
    while (!this.isStopped && !this.isHeld) {
      if (this.frame === undefined) {
        if (at >= chunk.length) return at
        const taken = Math.min(HEADER_BYTES - this.headBytes, chunk.length - at)
        if (taken === HEADER_BYTES) this.begin(chunk, at)
        else {
          chunk.copy(this.head, this.headBytes, at, at + taken)
          this.headBytes += taken
          if (this.headBytes === HEADER_BYTES) this.begin(this.head, 0)
        }
        at += taken
        continue
      }
      const taken = Math.min(this.left, chunk.length - at)
      if (taken === 0 && this.left > 0) return at
      this.take(this.frame, chunk, at, at + taken)
      at += taken
    }
    return at
  }

  private skipPreface(chunk: Buffer): number {
    const taken = Math.min(this.preface.length, chunk.length)
    if (this.preface.compare(chunk, 0, taken, 0, taken) !== 0)
      throw new H2Error(CODE.protocolError, 'no preface of HTTP/2')
    this.preface = this.preface.subarray(taken)
    return taken
  }

  private begin(bytes: Buffer, at: number): void {
    this.headBytes = 0
    const length = bytes.readUIntBE(at, 3)
    const type = bytes[at + 3] ?? 0
    const flags = bytes[at + 4] ?? 0
    const id = bytes.readUInt32BE(at + 5) & 0x7fff_ffff
    const frame = { length, type, flags, id }
    if (length > this.maxFrameBytes) throw new H2Error(CODE.frameSizeError, `a frame of ${length} bytes`)
    this.frame = frame
    this.left = length
    this.payload = undefined
    if (type === FRAME.data) {
      const isPadded = (flags & FLAG.padded) !== 0
      if (isPadded && length === 0) throw new H2Error(CODE.frameSizeError, 'a padded frame without padding')
      this.padding = isPadded ? -1 : 0
      this.handler.dataBegins(frame)
    } else if (type <= FRAME.continuation && length > MAX_SMALL_FRAME)
      throw new H2Error(CODE.enhanceYourCalm, `${length} bytes in a frame of type ${type}`)
  }

  private take(frame: FrameHeader, chunk: Buffer, from: number, to: number): void {
    const isLast = to - from === this.left
    if (frame.type === FRAME.data) this.takeData(frame, chunk, from, to)
    else this.left -= to - from
    if (frame.type !== FRAME.data && frame.type <= FRAME.continuation) {
      if (isLast && this.payload === undefined) this.payload = chunk.subarray(from, to)
      else {
        this.payload ??= Buffer.allocUnsafe(frame.length)
        chunk.copy(this.payload, frame.length - this.left - (to - from), from, to)
      }
    }
    if (!isLast) return
    this.frame = undefined
    const { padding, payload } = this
    this.payload = undefined
    if (frame.type === FRAME.data) this.handler.dataEnds(frame, padding + (frame.flags & FLAG.padded ? 1 : 0))
    else this.handler.frame(frame, payload ?? Buffer.alloc(0))
  }

  private takeData(frame: FrameHeader, chunk: Buffer, from: number, to: number): void {
    let at = from
    if (this.padding < 0 && at < to) {
      this.padding = chunk[at] ?? 0
      at += 1
      this.left -= 1
      if (this.padding > this.left) throw new H2Error(CODE.protocolError, 'padding longer than its frame')
    }
    const end = Math.min(to, at + Math.max(0, this.left - this.padding))
    if (end > at) this.handler.data(frame.id, end - at === chunk.length ? chunk : chunk.subarray(at, end))
    this.left -= to - at
  }
}
