import { constants, type Http2Stream } from 'node:http2'
import { Duplex } from 'node:stream'
import { AppError } from '../../shared/errors/app-error.ts'
import type { AlwaysReading } from './always-reading.ts'

/**
 * The bytes of a CONNECT stream (RFC 9113 §8.5). Node's own stream says goodbye with NO_ERROR when it is destroyed and
 * with no error when the peer does that, so that what was cut short would look whole; this one resets it with
 * CONNECT_ERROR and fails when it is reset. Owns the stream.
 */
export class H2ByteStream extends Duplex {
  private readonly inner: Http2Stream
  private readonly lost: () => AppError
  private readonly wire: AlwaysReading | undefined
  private onceDrained: ((error?: Error | null) => void) | undefined
  private hasEnded = false
  reads = 0

  /** @param lost says why, when the stream goes down with its connection. @param wire may ask for patience. */
  constructor(inner: Http2Stream, lost: () => AppError, wire?: AlwaysReading) {
    super({ allowHalfOpen: true, decodeStrings: true })
    this.inner = inner
    this.lost = lost
    this.wire = wire
    inner.on('data', (data: Buffer) => {
      if (!this.push(data)) inner.pause()
    })
    inner.once('end', () => {
      // Node ends a stream that was reset, too.
      if ((inner.rstCode ?? constants.NGHTTP2_NO_ERROR) !== constants.NGHTTP2_NO_ERROR) return
      this.hasEnded = true
      this.push(null)
    })
    inner.on('drain', () => {
      const { onceDrained } = this
      this.onceDrained = undefined
      onceDrained?.()
    })
    // What it says is in rstCode too, once it is closed.
    inner.on('error', () => undefined)
    inner.once('close', () => {
      if (!(this.hasEnded && this.writableFinished)) this.destroy(this.reason())
    })
  }

  get unread(): number {
    return this.readableLength + this.inner.readableLength
  }

  override _read(): void {
    this.reads += 1
    this.inner.resume()
  }

  override _write(data: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (this.wire === undefined) this.pass(data, done)
    else this.wire.whenWritable(() => this.pass(data, done))
  }

  private pass(data: Buffer, done: (error?: Error | null) => void): void {
    if (this.inner.destroyed || this.inner.closed) done(this.reason())
    else if (this.inner.write(data)) done()
    else this.onceDrained = done
  }

  override _final(done: (error?: Error | null) => void): void {
    if (this.inner.destroyed || this.inner.closed) done(this.reason())
    else this.inner.end(() => done())
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    const isWhole = this.hasEnded && this.writableFinished
    if (!isWhole && !this.inner.closed && !this.inner.destroyed) resetStream(this.inner)
    done(error)
  }

  private reason(): AppError {
    if (this.inner.rstCode === constants.NGHTTP2_CONNECT_ERROR)
      return new AppError('egress.unreachable', 'The connection was reset behind the tunnel.')
    return this.lost()
  }
}

/** Node would first say that the stream has ended, as if what was sent were all (Http2Stream.close in Node 24). */
export function resetStream(stream: Http2Stream, code: number = constants.NGHTTP2_CONNECT_ERROR): void {
  stream._final = (done) => done()
  stream.close(code)
}
