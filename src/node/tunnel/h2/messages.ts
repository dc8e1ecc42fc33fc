import { CODE, FRAME, H2Error } from './codes.ts'
import { numberFrame } from './frames.ts'
import type { Block } from './header-blocks.ts'
import { type Headers, readHeaders } from './header-fields.ts'
import type { Limits } from './limits.ts'
import type { H2Stream } from './stream.ts'
import type { StreamTable } from './stream-table.ts'

/** What headers are about. */
export interface MessageParts {
  readonly isServer: boolean
  /** That the other side may have open. */
  readonly maxStreams: number
  readonly limits: Limits
  readonly streams: StreamTable
  /** Whether new streams are not taken any more. */
  isDraining(): boolean
  push(frame: Buffer): void
  breakStream(stream: H2Stream, code: number): void
  onRequest(id: number, headers: Headers): void
  onEnd(id: number): void
}

/** What the headers of a stream mean (RFC 9113 §8.1): a request, an answer or trailers. It throws H2Error. */
export class Messages {
  private readonly parts: MessageParts

  constructor(parts: MessageParts) {
    this.parts = parts
  }

  take(block: Block): void {
    const { streams } = this.parts
    const known = streams.get(block.id)
    if (known !== undefined) this.takeMore(known, block)
    else if (this.parts.isServer) this.takeRequest(block)
    else {
      streams.refuseIdle(block.id, 'headers')
      streams.refuseClosed(block.id, 'headers')
      if (block.isEnd) streams.unlinger(block.id)
    }
  }

  /** An answer, or trailers (RFC 9113 §8.1). */
  private takeMore(stream: H2Stream, { fields, id, isEnd }: Block): void {
    if (stream.hasRemoteEnd) this.parts.breakStream(stream, CODE.streamClosed)
    else if (!stream.isOwn || stream.headersSent) {
      if (isEnd) this.parts.onEnd(id)
      else this.parts.breakStream(stream, CODE.protocolError)
    } else {
      const headers = fields === undefined ? undefined : readHeaders(fields, 'response')
      const isInterim = headers?.[':status']?.startsWith('1') === true
      if (headers === undefined || (isInterim && isEnd)) this.parts.breakStream(stream, CODE.protocolError)
      else if (!isInterim) {
        stream.headersSent = true
        stream.emit('response', headers)
        if (isEnd) this.parts.onEnd(id)
      }
    }
  }

  private takeRequest({ fields, id, isEnd }: Block): void {
    const { limits, maxStreams, streams } = this.parts
    if (id % 2 === 0) throw new H2Error(CODE.protocolError, 'a stream of the server')
    if (id <= streams.lastPeerId) {
      streams.refuseClosed(id, 'headers')
      return
    }
    // What comes after a goodbye is ignored (RFC 9113 §6.8).
    if (this.parts.isDraining()) {
      streams.linger(id)
      return
    }
    streams.lastPeerId = id
    const headers = fields === undefined ? undefined : readHeaders(fields, 'request')
    const isFull = streams.size >= maxStreams
    if (headers === undefined || isFull) {
      limits.faults.use('requests that are refused')
      if (!isEnd) streams.linger(id)
      this.parts.push(numberFrame(FRAME.rstStream, id, isFull ? CODE.refusedStream : CODE.protocolError))
      return
    }
    this.parts.onRequest(id, headers)
    if (isEnd) this.parts.onEnd(id)
  }
}
