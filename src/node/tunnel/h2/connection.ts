import type { TLSSocket } from 'node:tls'
import type { AppError } from '../../../shared/errors/app-error.ts'
import { Allowance } from './allowance.ts'
import { CODE, DEFAULT_WINDOW, FLAG, FRAME, H2Error, MAX_WINDOW, PREFACE, SETTING } from './codes.ts'
import { type FrameHandler, type FrameHeader, FrameReader } from './frame-reader.ts'
import { frameOf, goawayFrame, headersFrames, numberFrame, settingsFrame } from './frames.ts'
import { type Headers, readHeaders } from './header-fields.ts'
import { HpackDecoder } from './hpack-decoder.ts'
import { HpackEncoder } from './hpack-encoder.ts'
import { Outbox } from './outbox.ts'
import { FIRST_SETTINGS, type PeerSettings, readSettings } from './peer-settings.ts'
import type { ReadBuffers } from './read-buffers.ts'
import { H2Stream, type StreamCarrier } from './stream.ts'

export interface H2Options {
  readonly socket: TLSSocket
  /** What the socket reads into, where it was dialled with it. */
  readonly buffers?: ReadBuffers
  readonly isServer: boolean
  /** Bytes. */
  readonly streamWindow: number
  readonly connectionWindow: number
  /** That the other side may have open. */
  readonly maxStreams: number
  readonly maxHeaderListSize: number
  /** Why streams go down with the connection. */
  readonly lost: () => AppError
  readonly onStream?: (stream: H2Stream, headers: Headers) => void
  readonly onSettings?: () => void
  readonly onGoaway?: (words: Buffer) => void
  readonly onError?: (error: Error) => void
  readonly onClosed: () => void
}

const MAX_FRAME_BYTES = 256 * 1024
/** What one stream sends before it is the next one's turn. */
const QUANTUM_BYTES = 64 * 1024
/** How long the other side has to read the last words. */
const LAST_WORD_MS = 1_000
const MAX_PINGS = 16
/** Streams reset here, for which data may still be under way. */
const MAX_LINGERING = 4_096
const CHEAP = { burst: 10_000, perSecond: 1_000 } as const
const RESETS = { burst: 1_000, perSecond: 200 } as const

/** HTTP/2 on a TLS connection, at either end, as far as a tunnel needs it (RFC 9113, RFC 8441). Owns the socket. */
export class H2Connection implements StreamCarrier, FrameHandler {
  private readonly options: H2Options
  private readonly outbox: Outbox
  private readonly reader: FrameReader
  private readonly decoder: HpackDecoder
  private readonly encoder = new HpackEncoder()
  private readonly streams = new Map<number, H2Stream>()
  private readonly lingering = new Set<number>()
  private readonly pings = new Map<number, { readonly at: number; done(ms: number | undefined): void }>()
  private readonly cheap = new Allowance(CHEAP.burst, CHEAP.perSecond)
  private readonly resets: Allowance
  private queue: H2Stream[] = []
  private peer: PeerSettings = FIRST_SETTINGS
  private hasSettings = false
  private sendWindow = DEFAULT_WINDOW
  private receiveWindow: number
  private takenBytes = 0
  private lastPeerId = 0
  private nextId = 1
  private nextPing = 1
  private block: { readonly id: number; readonly flags: number; parts: Buffer[]; bytes: number } | undefined
  private isDraining = false
  private isGone = false
  private isEnding = false
  private isPumping = false

  constructor(options: H2Options) {
    const { connectionWindow, isServer, maxHeaderListSize, maxStreams, socket, streamWindow } = options
    this.options = options
    this.outbox = new Outbox(socket, () => this.pump())
    this.reader = new FrameReader(this, MAX_FRAME_BYTES, isServer ? PREFACE : Buffer.alloc(0))
    this.decoder = new HpackDecoder(maxHeaderListSize)
    this.resets = new Allowance(Math.max(RESETS.burst, 2 * maxStreams), RESETS.perSecond)
    this.receiveWindow = connectionWindow
    if (!isServer) this.outbox.push(PREFACE)
    this.outbox.push(
      settingsFrame([
        [SETTING.headerTableSize, 0],
        isServer ? [SETTING.enableConnectProtocol, 1] : [SETTING.enablePush, 0],
        [SETTING.maxConcurrentStreams, maxStreams],
        [SETTING.initialWindowSize, streamWindow],
        [SETTING.maxFrameSize, MAX_FRAME_BYTES],
        [SETTING.maxHeaderListSize, maxHeaderListSize],
      ]),
    )
    this.outbox.push(numberFrame(FRAME.windowUpdate, 0, connectionWindow - DEFAULT_WINDOW))
    this.listen()
  }

  get isClosed(): boolean {
    return this.isGone || this.isDraining
  }

  get isDestroyed(): boolean {
    return this.isGone
  }

  get streamCount(): number {
    return this.streams.size
  }

  get peerSettings(): PeerSettings {
    return this.peer
  }

  /** The client's. It is not over with what is sent. */
  request(headers: Headers): H2Stream {
    const stream = this.addStream(this.nextId)
    this.nextId += 2
    this.headers(stream, headers, false)
    return stream
  }

  /** In milliseconds, or undefined where no answer comes any more. */
  ping(): Promise<number | undefined> {
    if (this.isGone || this.pings.size >= MAX_PINGS) return Promise.resolve(undefined)
    return new Promise((done) => {
      const number = this.nextPing++
      this.pings.set(number, { at: performance.now(), done })
      const payload = Buffer.alloc(8)
      payload.writeUInt32BE(number, 4)
      this.push(frameOf(FRAME.ping, 0, 0, payload))
      this.outbox.flush()
    })
  }

  /** Takes no new streams, and ends when those that are open have. Idempotent. */
  drain(): void {
    if (this.isGone || this.isDraining) return
    this.isDraining = true
    this.push(goawayFrame(this.lastPeerId, CODE.noError, Buffer.alloc(0)))
    this.endIfDone()
  }

  /** Fails all streams, and says why. */
  abort(code: number, words = ''): void {
    if (this.isGone) return
    this.push(goawayFrame(this.lastPeerId, code, Buffer.from(words)))
    this.sayGoodbye()
    this.fail()
  }

  /** Fails all streams. Idempotent. */
  destroy(): void {
    this.fail()
    this.options.socket.destroy()
  }

  // What streams ask for.

  headers(stream: H2Stream, headers: Headers, endStream: boolean): void {
    const block = this.encoder.encode(Object.entries(headers))
    this.push(headersFrames(stream.id, block, this.peer.maxFrameSize, endStream))
    if (endStream) this.forgetIfOver(stream)
  }

  ready(stream: H2Stream): void {
    if (stream.isQueued || !stream.wantsToSend) return
    stream.isQueued = true
    this.queue.push(stream)
    this.pump()
  }

  end(stream: H2Stream): void {
    this.push(frameOf(FRAME.data, FLAG.endStream, stream.id, Buffer.alloc(0)))
    this.forgetIfOver(stream)
  }

  reset(stream: H2Stream, code: number): void {
    if (!this.streams.delete(stream.id)) return
    if (!stream.hasRemoteEnd) this.linger(stream.id)
    this.push(numberFrame(FRAME.rstStream, stream.id, code))
    this.endIfDone()
  }

  taken(bytes: number): void {
    this.takenBytes += bytes
    if (this.takenBytes < this.options.connectionWindow / 4) return
    this.receiveWindow += this.takenBytes
    this.push(numberFrame(FRAME.windowUpdate, 0, this.takenBytes))
    this.takenBytes = 0
  }

  credit(stream: H2Stream, bytes: number): void {
    if (this.streams.has(stream.id)) this.push(numberFrame(FRAME.windowUpdate, stream.id, bytes))
  }

  lost(): AppError {
    return this.options.lost()
  }

  // What comes.

  dataBegins({ flags, id, length }: FrameHeader): void {
    this.refuseInBlock()
    this.refuseIdle(id, 'data')
    if (length === 0 && (flags & FLAG.endStream) === 0) this.cheap.use('frames without data')
    this.receiveWindow -= length
    if (this.receiveWindow < 0)
      throw new H2Error(CODE.flowControlError, 'more than the window of the connection')
    const stream = this.streams.get(id)
    if (stream === undefined) {
      if (!this.lingering.has(id)) throw new H2Error(CODE.streamClosed, 'data for a stream that is closed')
      return
    }
    stream.receiveWindow -= length
    if (stream.hasRemoteEnd) this.breakStream(stream, CODE.streamClosed)
    else if (stream.receiveWindow < 0) this.breakStream(stream, CODE.flowControlError)
  }

  data(id: number, piece: Buffer): void {
    const stream = this.streams.get(id)
    if (stream === undefined) this.taken(piece.length)
    else stream.receive(piece)
  }

  dataEnds({ flags, id }: FrameHeader, padding: number): void {
    const stream = this.streams.get(id)
    if (padding > 0) {
      // Nobody takes it, so it is given back at once.
      this.taken(padding)
      if (stream !== undefined) {
        stream.receiveWindow += padding
        this.credit(stream, padding)
      }
    }
    if ((flags & FLAG.endStream) !== 0) this.remoteEnd(id)
  }

  frame({ flags, id, type }: FrameHeader, payload: Buffer): void {
    if (!this.hasSettings && (type !== FRAME.settings || (flags & FLAG.ack) !== 0))
      throw new H2Error(CODE.protocolError, 'no settings at the beginning')
    if (type !== FRAME.continuation) this.refuseInBlock()
    switch (type) {
      case FRAME.headers:
        this.takeHeaders(id, flags, payload)
        break
      case FRAME.continuation:
        this.takeContinuation(id, flags, payload)
        break
      case FRAME.rstStream:
        this.takeReset(id, payload)
        break
      case FRAME.settings:
        this.takeSettings(id, flags, payload)
        break
      case FRAME.ping:
        this.takePing(id, flags, payload)
        break
      case FRAME.goaway:
        this.takeGoaway(id, payload)
        break
      case FRAME.windowUpdate:
        this.takeWindowUpdate(id, payload)
        break
      case FRAME.pushPromise:
        throw new H2Error(CODE.protocolError, 'a push')
      default:
        this.cheap.use('frames that mean nothing')
        if (type === FRAME.priority) this.checkPriority(id, payload)
    }
  }

  private takeHeaders(id: number, flags: number, payload: Buffer): void {
    if (id === 0) throw new H2Error(CODE.protocolError, 'headers of no stream')
    let from = 0
    let to = payload.length
    if ((flags & FLAG.padded) !== 0) {
      to -= payload[0] ?? 0
      from += 1
    }
    if ((flags & FLAG.priority) !== 0) from += 5
    if (from > to) throw new H2Error(CODE.protocolError, 'padding longer than its frame')
    this.block = { id, flags, parts: [], bytes: 0 }
    this.takeBlock(payload.subarray(from, to), flags)
  }

  private takeContinuation(id: number, flags: number, payload: Buffer): void {
    if (this.block?.id !== id) throw new H2Error(CODE.protocolError, 'a continuation of nothing')
    this.cheap.use('continuations')
    this.takeBlock(payload, flags)
  }

  /** Bounded by its octets and, with {@link cheap}, by its frames (CVE-2024-27316). */
  private takeBlock(part: Buffer, flags: number): void {
    const { block } = this
    if (block === undefined) return
    block.bytes += part.length
    if (block.bytes > this.options.maxHeaderListSize)
      throw new H2Error(CODE.enhanceYourCalm, 'headers that are too long')
    const isLast = (flags & FLAG.endHeaders) !== 0
    block.parts.push(isLast ? part : Buffer.from(part))
    if (!isLast) return
    this.block = undefined
    this.takeFields(
      block.id,
      (block.flags & FLAG.endStream) !== 0,
      this.decoder.decode(Buffer.concat(block.parts)),
    )
  }

  private takeFields(id: number, isEnd: boolean, fields: ReturnType<HpackDecoder['decode']>): void {
    const known = this.streams.get(id)
    if (known !== undefined) this.takeMore(known, isEnd, fields)
    else if (!this.options.isServer) {
      this.refuseIdle(id, 'headers')
      if (!this.lingering.has(id)) throw new H2Error(CODE.streamClosed, 'headers of a stream that is closed')
      if (isEnd) this.lingering.delete(id)
    } else this.takeRequest(id, isEnd, fields)
  }

  /** An answer, or trailers (RFC 9113 §8.1). */
  private takeMore(stream: H2Stream, isEnd: boolean, fields: ReturnType<HpackDecoder['decode']>): void {
    if (stream.hasRemoteEnd) {
      this.breakStream(stream, CODE.streamClosed)
      return
    }
    if (this.options.isServer || stream.headersSent) {
      if (!isEnd) this.breakStream(stream, CODE.protocolError)
      else this.remoteEnd(stream.id)
      return
    }
    const headers = fields === undefined ? undefined : readHeaders(fields, 'response')
    if (headers === undefined) {
      this.breakStream(stream, CODE.protocolError)
      return
    }
    if (headers[':status']?.startsWith('1') === true && !isEnd) {
      this.cheap.use('interim answers')
      return
    }
    stream.headersSent = true
    stream.emit('response', headers)
    if (isEnd) this.remoteEnd(stream.id)
  }

  private takeRequest(id: number, isEnd: boolean, fields: ReturnType<HpackDecoder['decode']>): void {
    if (id % 2 === 0) throw new H2Error(CODE.protocolError, 'a stream of the server')
    if (id <= this.lastPeerId) {
      if (this.lingering.has(id)) return
      throw new H2Error(CODE.streamClosed, 'headers of a stream that is closed')
    }
    // RFC 9113 §6.8: what comes after the last one is ignored.
    if (this.isDraining) {
      this.linger(id)
      return
    }
    this.lastPeerId = id
    const headers = fields === undefined ? undefined : readHeaders(fields, 'request')
    const isFull = this.streams.size >= this.options.maxStreams
    if (headers === undefined || isFull) {
      this.resets.use('requests that are refused')
      if (!isEnd) this.linger(id)
      this.push(numberFrame(FRAME.rstStream, id, isFull ? CODE.refusedStream : CODE.protocolError))
      return
    }
    const stream = this.addStream(id)
    this.options.onStream?.(stream, headers)
    if (isEnd) this.remoteEnd(id)
  }

  private takeReset(id: number, payload: Buffer): void {
    if (payload.length !== 4) throw new H2Error(CODE.frameSizeError, 'a reset of a wrong length')
    this.refuseIdle(id, 'a reset')
    if (this.options.isServer) this.resets.use('resets')
    this.lingering.delete(id)
    const stream = this.streams.get(id)
    if (stream === undefined) return
    this.streams.delete(id)
    stream.receiveReset(payload.readUInt32BE(0))
    this.endIfDone()
  }

  private takeSettings(id: number, flags: number, payload: Buffer): void {
    if (id !== 0) throw new H2Error(CODE.protocolError, 'settings of a stream')
    this.cheap.use('settings')
    if ((flags & FLAG.ack) !== 0) {
      if (payload.length > 0) throw new H2Error(CODE.frameSizeError, 'settings of a wrong length')
      this.decoder.limitTable(0)
      return
    }
    const before = this.peer.initialWindowSize
    this.peer = readSettings(payload, this.peer)
    for (const stream of this.streams.values()) {
      if (!stream.addSendWindow(this.peer.initialWindowSize - before))
        throw new H2Error(CODE.flowControlError, 'a window that is too large')
      this.ready(stream)
    }
    this.push(frameOf(FRAME.settings, FLAG.ack, 0, Buffer.alloc(0)))
    if (this.hasSettings) return
    this.hasSettings = true
    this.options.onSettings?.()
  }

  private takePing(id: number, flags: number, payload: Buffer): void {
    if (id !== 0) throw new H2Error(CODE.protocolError, 'a ping of a stream')
    if (payload.length !== 8) throw new H2Error(CODE.frameSizeError, 'a ping of a wrong length')
    this.cheap.use('pings')
    if ((flags & FLAG.ack) === 0) {
      this.push(frameOf(FRAME.ping, FLAG.ack, 0, payload))
      return
    }
    const number = payload.readUInt32BE(4)
    const ping = this.pings.get(number)
    this.pings.delete(number)
    ping?.done(performance.now() - ping.at)
  }

  private takeGoaway(id: number, payload: Buffer): void {
    if (id !== 0) throw new H2Error(CODE.protocolError, 'a goodbye of a stream')
    if (payload.length < 8) throw new H2Error(CODE.frameSizeError, 'a goodbye of a wrong length')
    this.cheap.use('goodbyes')
    this.options.onGoaway?.(Buffer.from(payload.subarray(8)))
    const last = payload.readUInt32BE(0) & MAX_WINDOW
    for (const [number, stream] of this.streams)
      if (!this.options.isServer && number > last) {
        this.streams.delete(number)
        stream.receiveReset(CODE.refusedStream)
      }
    this.isDraining = true
    this.endIfDone()
  }

  private takeWindowUpdate(id: number, payload: Buffer): void {
    if (payload.length !== 4) throw new H2Error(CODE.frameSizeError, 'a window of a wrong length')
    const bytes = payload.readUInt32BE(0) & MAX_WINDOW
    if (id === 0) {
      if (bytes === 0) throw new H2Error(CODE.protocolError, 'a window that grows by nothing')
      this.sendWindow += bytes
      if (this.sendWindow > MAX_WINDOW) throw new H2Error(CODE.flowControlError, 'a window that is too large')
      this.pump()
      return
    }
    this.refuseIdle(id, 'a window')
    const stream = this.streams.get(id)
    if (stream === undefined) this.cheap.use('windows of closed streams')
    else if (bytes === 0) this.breakStream(stream, CODE.protocolError)
    else if (!stream.addSendWindow(bytes)) this.breakStream(stream, CODE.flowControlError)
    else this.ready(stream)
  }

  private checkPriority(id: number, payload: Buffer): void {
    if (id === 0) throw new H2Error(CODE.protocolError, 'a priority of no stream')
    if (payload.length !== 5) throw new H2Error(CODE.frameSizeError, 'a priority of a wrong length')
  }

  private listen(): void {
    const { buffers, socket } = this.options
    socket.on('error', (error) => this.options.onError?.(error))
    socket.once('end', () => this.fail())
    socket.once('close', () => {
      this.fail()
      this.outbox.drop()
      this.options.onClosed()
    })
    if (buffers === undefined) socket.on('data', (bytes: Buffer) => this.read(bytes))
    else {
      socket.resume()
      buffers.start((bytes) => this.read(bytes))
    }
  }

  private read(bytes: Buffer): void {
    if (this.isGone) return
    try {
      this.reader.push(bytes)
    } catch (error) {
      if (!(error instanceof H2Error)) throw error
      this.options.onError?.(error)
      this.abort(error.code)
    }
  }

  /** Streams by turns, while there is room. */
  private pump(): void {
    if (this.isPumping) return
    this.isPumping = true
    while (this.queue.length > 0 && this.outbox.room > 0 && this.sendWindow > 0 && !this.isGone) {
      const stream = this.queue.shift()
      if (stream === undefined) break
      stream.isQueued = false
      if (!stream.wantsToSend) continue
      const max = this.queue.length > 0 ? QUANTUM_BYTES : MAX_FRAME_BYTES
      const bytes = stream.next(Math.min(this.outbox.room, this.sendWindow, this.peer.maxFrameSize, max))
      this.sendWindow -= bytes.length
      this.outbox.data(stream.id, 0, bytes)
      stream.sent(bytes.length)
      if (!stream.isQueued && stream.wantsToSend) {
        stream.isQueued = true
        this.queue.push(stream)
      }
    }
    this.isPumping = false
  }

  private addStream(id: number): H2Stream {
    const windows = { own: this.options.streamWindow, peer: this.peer.initialWindowSize }
    const stream = new H2Stream(this, id, windows)
    this.streams.set(id, stream)
    return stream
  }

  private remoteEnd(id: number): void {
    this.lingering.delete(id)
    const stream = this.streams.get(id)
    if (stream === undefined) return
    stream.receiveEnd()
    this.forgetIfOver(stream)
  }

  private forgetIfOver(stream: H2Stream): void {
    if (stream.isOver && this.streams.delete(stream.id)) this.endIfDone()
  }

  /** An error of one stream (RFC 9113 §5.4.2). */
  private breakStream(stream: H2Stream, code: number): void {
    this.resets.use('broken streams')
    stream.reset(code)
  }

  private linger(id: number): void {
    this.lingering.add(id)
    if (this.lingering.size > Math.max(MAX_LINGERING, 2 * this.options.maxStreams))
      for (const oldest of this.lingering) {
        this.lingering.delete(oldest)
        return
      }
  }

  private refuseInBlock(): void {
    if (this.block !== undefined) throw new H2Error(CODE.protocolError, 'another frame among headers')
  }

  /** RFC 9113 §5.1: nothing but headers opens a stream. */
  private refuseIdle(id: number, what: string): void {
    const isOwn = id % 2 === (this.options.isServer ? 0 : 1)
    const isIdle = id === 0 || (isOwn ? id >= this.nextId || this.options.isServer : id > this.lastPeerId)
    if (isIdle && !this.lingering.has(id))
      throw new H2Error(CODE.protocolError, `${what} for a stream that was never opened`)
  }

  private push(frame: Buffer): void {
    if (this.isGone || this.isEnding) return
    try {
      this.outbox.push(frame)
    } catch (error) {
      this.options.onError?.(error as Error)
      this.destroy()
    }
  }

  private endIfDone(): void {
    if (this.isDraining && this.streams.size === 0) this.sayGoodbye()
  }

  private sayGoodbye(): void {
    if (this.isEnding) return
    this.isEnding = true
    const { socket } = this.options
    this.outbox.end()
    const timer = setTimeout(() => socket.destroy(), LAST_WORD_MS).unref()
    socket.once('close', () => clearTimeout(timer))
  }

  private fail(): void {
    if (this.isGone) return
    this.isGone = true
    this.isDraining = true
    this.reader.stop()
    const streams = [...this.streams.values()]
    this.streams.clear()
    this.queue = []
    for (const stream of streams) stream.destroy(this.options.lost())
    for (const { done } of this.pings.values()) done(undefined)
    this.pings.clear()
  }
}
