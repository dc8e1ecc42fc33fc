import type { AppError } from '../../../shared/errors/app-error.ts'
import { Breath } from './breath.ts'
import { CODE, DEFAULT_FRAME_SIZE, FLAG, FRAME, H2Error, PREFACE } from './codes.ts'
import { FrameReader } from './frame-reader.ts'
import { frameOf, goawayFrame, headersFrames, numberFrame } from './frames.ts'
import type { H2Options } from './h2-options.ts'
import type { Headers } from './header-fields.ts'
import { HpackEncoder } from './hpack-encoder.ts'
import { Incoming } from './incoming.ts'
import { Limits } from './limits.ts'
import { Messages } from './messages.ts'
import { Outbox } from './outbox.ts'
import { firstFrames, MAX_FRAME_BYTES } from './own-settings.ts'
import type { PeerSettings } from './peer-settings.ts'
import { Pings } from './pings.ts'
import { ReceiveWindow } from './receive-window.ts'
import { SETTINGS_TIMEOUT_MS, SettingsTimeout } from './settings-timeout.ts'
import { H2Stream, type StreamCarrier } from './stream.ts'
import { StreamTable } from './stream-table.ts'
import { Turns } from './turns.ts'

/** How long the other side has to read the last words. */
const LAST_WORD_MS = 1_000
/** The same where it is the rest of what streams have carried, which may be megabytes on a slow way. */
const LAST_DATA_MS = 60_000
const NOTHING = Buffer.alloc(0)

/** HTTP/2 on a TLS connection, at either end, as far as a tunnel needs it (RFC 9113, RFC 8441). Owns the socket. */
export class H2Connection implements StreamCarrier {
  private readonly options: H2Options
  private readonly outbox: Outbox
  private readonly turns: Turns
  private readonly reader: FrameReader
  private readonly breath: Breath
  private readonly incoming: Incoming
  private readonly encoder = new HpackEncoder()
  private readonly pings = new Pings()
  private readonly streams: StreamTable
  private readonly window: ReceiveWindow
  private readonly limits: Limits
  private readonly settingsTimeout: SettingsTimeout
  /** Takes no new streams. */
  private isDraining = false
  /** Says nothing any more. */
  private isEnding = false
  /** Has no streams any more. */
  private isGone = false

  constructor(options: H2Options) {
    const { connectionWindow, isServer, maxHeaderListSize, maxStreams, now, socket } = options
    this.options = options
    const push = (frame: Buffer): void => this.push(frame)
    this.outbox = new Outbox(socket, () => this.turns.take())
    this.limits = new Limits(maxStreams, now)
    this.turns = new Turns(this.outbox, this.limits.windows, DEFAULT_FRAME_SIZE)
    this.streams = new StreamTable(isServer, maxStreams)
    this.window = new ReceiveWindow(connectionWindow, push)
    const { limits, pings, streams, turns, window } = this
    const messages = new Messages({
      ...{ isServer, limits, maxStreams, streams, push },
      isDraining: () => this.isDraining,
      breakStream: (stream, code) => this.incoming.breakStream(stream, code),
      onRequest: (id, headers) => {
        this.breath.requestBegins()
        options.onStream?.(this.addStream(id, false), headers)
      },
      onEnd: (id) => this.takeEnd(id),
    })
    this.incoming = new Incoming(
      {
        ...{ limits, pings, streams, turns, window, push },
        onBlock: (block) => messages.take(block),
        onEnd: (id) => this.takeEnd(id),
        onReset: (stream, code) => this.takeReset(stream, code),
        onSettings: (isFirst) => isFirst && options.onSettings?.(),
        onSettingsTaken: () => this.settingsTimeout.close(),
        onGoaway: (words) => this.takeGoaway(words),
      },
      maxHeaderListSize,
    )
    const reader = new FrameReader(this.incoming, MAX_FRAME_BYTES, isServer ? PREFACE : NOTHING)
    this.reader = reader
    this.breath = new Breath(
      socket,
      (bytes) => this.read(bytes),
      () => reader.hold(),
    )
    for (const frame of firstFrames(options)) this.outbox.push(frame)
    this.settingsTimeout = new SettingsTimeout(options.settingsTimeoutMs ?? SETTINGS_TIMEOUT_MS, () =>
      this.breakDown(new H2Error(CODE.settingsTimeout, 'the settings were not acknowledged')),
    )
    this.listen()
  }

  get isClosed(): boolean {
    return this.isDraining
  }

  get streamCount(): number {
    return this.streams.size
  }

  get peerSettings(): PeerSettings {
    return this.incoming.peer
  }

  /** The client's. It is not over with what is sent. */
  request(headers: Headers): H2Stream {
    const stream = this.addStream(this.streams.takeId(), true)
    this.headers(stream, headers, false)
    return stream
  }

  /** In milliseconds, or undefined where no answer comes any more. */
  ping(): Promise<number | undefined> {
    if (this.isGone) return Promise.resolve(undefined)
    return this.pings.send((frame) => {
      this.push(frame)
      this.outbox.flush()
    })
  }

  /** Takes no new streams, and ends when those that are open have. Idempotent. */
  drain(): void {
    if (this.isDraining) return
    this.isDraining = true
    this.push(goawayFrame(this.streams.lastPeerId, CODE.noError, NOTHING))
    this.endIfDone()
  }

  /** Fails all streams, and says why. */
  abort(code: number, words = ''): void {
    if (this.isGone) return
    this.push(goawayFrame(this.streams.lastPeerId, code, Buffer.from(words)))
    this.sayGoodbye(LAST_WORD_MS)
    this.fail()
  }

  /** Fails all streams. Idempotent. */
  destroy(): void {
    this.fail()
    this.options.socket.destroy()
  }

  headers(stream: H2Stream, headers: Headers, endStream: boolean): void {
    const block = this.encoder.encode(Object.entries(headers))
    this.push(headersFrames(stream.id, block, this.peerSettings.maxFrameSize, endStream))
    if (endStream) this.forgetIfOver(stream)
  }

  ready(stream: H2Stream): void {
    if (!this.isGone) this.turns.add(stream)
  }

  end(stream: H2Stream): void {
    this.push(frameOf(FRAME.data, FLAG.endStream, stream.id, NOTHING))
    this.forgetIfOver(stream)
  }

  reset(stream: H2Stream, code: number): void {
    if (!this.streams.remove(stream.id)) return
    if (!stream.hasRemoteEnd) this.streams.linger(stream.id)
    this.push(numberFrame(FRAME.rstStream, stream.id, code))
    this.endIfDone()
  }

  taken(bytes: number): void {
    this.window.taken(bytes)
  }

  credit(stream: H2Stream, bytes: number): void {
    if (this.streams.get(stream.id) !== undefined)
      this.push(numberFrame(FRAME.windowUpdate, stream.id, bytes))
  }

  lost(): AppError {
    return this.options.lost()
  }

  private takeEnd(id: number): void {
    this.streams.unlinger(id)
    const stream = this.streams.get(id)
    if (stream === undefined) return
    stream.receiveEnd()
    this.forgetIfOver(stream)
  }

  private takeReset(stream: H2Stream, code: number): void {
    this.streams.remove(stream.id)
    stream.receiveReset(code)
    this.endIfDone()
  }

  private takeGoaway(words: Buffer): void {
    this.options.onGoaway?.(words)
    this.isDraining = true
    this.endIfDone()
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
    if (buffers === undefined) socket.on('data', (bytes: Buffer) => this.breath.read(bytes))
    else {
      socket.resume()
      buffers.start((bytes) => this.breath.read(bytes))
    }
  }

  private read(bytes: Buffer): number {
    try {
      if (!this.isGone) return this.reader.push(bytes)
    } catch (error) {
      if (!(error instanceof H2Error)) throw error
      this.breakDown(error)
    }
    return bytes.length
  }

  private breakDown(error: H2Error): void {
    this.options.onError?.(error)
    this.abort(error.code)
  }

  private addStream(id: number, isOwn: boolean): H2Stream {
    const windows = { own: this.options.streamWindow, peer: this.peerSettings.initialWindowSize }
    const stream = new H2Stream(this, { id, isOwn }, windows)
    this.streams.add(stream)
    this.limits.streamOpened()
    return stream
  }

  private forgetIfOver(stream: H2Stream): void {
    if (stream.isOver && this.streams.remove(stream.id)) this.endIfDone()
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
    if (this.isDraining && this.streams.size === 0) this.sayGoodbye(LAST_DATA_MS)
  }

  private sayGoodbye(waitMs: number): void {
    if (this.isEnding) return
    this.isEnding = true
    const { socket } = this.options
    this.outbox.end()
    const timer = setTimeout(() => socket.destroy(), waitMs).unref()
    socket.once('close', () => clearTimeout(timer))
  }

  private fail(): void {
    if (this.isGone) return
    this.isGone = true
    this.isDraining = true
    this.settingsTimeout.close()
    this.reader.stop()
    this.breath.close()
    const streams = this.streams.all()
    this.streams.clear()
    this.turns.clear()
    for (const stream of streams) stream.destroy(this.options.lost())
    this.pings.fail()
  }
}
