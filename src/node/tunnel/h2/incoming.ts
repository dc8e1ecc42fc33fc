import { CODE, FLAG, FRAME, H2Error, MAX_WINDOW } from './codes.ts'
import type { FrameHandler, FrameHeader } from './frame-reader.ts'
import { frameOf } from './frames.ts'
import { type Block, HeaderBlocks } from './header-blocks.ts'
import type { Limits } from './limits.ts'
import { FIRST_SETTINGS, type PeerSettings, readSettings } from './peer-settings.ts'
import type { Pings } from './pings.ts'
import type { ReceiveWindow } from './receive-window.ts'
import type { H2Stream } from './stream.ts'
import type { StreamTable } from './stream-table.ts'
import type { Turns } from './turns.ts'

/** What frames are about. */
export interface Parts {
  readonly streams: StreamTable
  readonly turns: Turns
  readonly pings: Pings
  readonly window: ReceiveWindow
  readonly limits: Limits
  push(frame: Buffer): void
  onBlock(block: Block): void
  onEnd(id: number): void
  /** The other side has reset it, or has not looked at it. */
  onReset(stream: H2Stream, code: number): void
  onSettings(isFirst: boolean): void
  onSettingsTaken(): void
  onGoaway(words: Buffer): void
}

const NOTHING = Buffer.alloc(0)

/** What each frame means (RFC 9113 §6), and what each mistake costs. Its methods throw H2Error. */
export class Incoming implements FrameHandler {
  private readonly parts: Parts
  private readonly blocks: HeaderBlocks
  private readonly cheap: Limits['cheap']
  private hasSettings = false
  peer: PeerSettings = FIRST_SETTINGS

  constructor(parts: Parts, maxHeaderListSize: number) {
    this.parts = parts
    this.cheap = parts.limits.cheap
    this.blocks = new HeaderBlocks(maxHeaderListSize)
  }

  dataBegins({ flags, id, length }: FrameHeader): void {
    const { streams, window } = this.parts
    this.blocks.refuseOther()
    streams.refuseIdle(id, 'data')
    if (length === 0 && (flags & FLAG.endStream) === 0) this.cheap.use('frames without data')
    window.use(length)
    const stream = streams.get(id)
    if (stream === undefined) {
      streams.refuseClosed(id, 'data')
      return
    }
    stream.receiveWindow -= length
    if (stream.hasRemoteEnd) this.breakStream(stream, CODE.streamClosed)
    else if (stream.receiveWindow < 0) this.breakStream(stream, CODE.flowControlError)
  }

  data(id: number, piece: Buffer): void {
    const stream = this.parts.streams.get(id)
    if (stream === undefined) this.parts.window.taken(piece.length)
    else stream.receive(piece)
  }

  dataEnds({ flags, id }: FrameHeader, padding: number): void {
    if (padding > 0) {
      this.parts.window.taken(padding)
      this.parts.streams.get(id)?.receivePadding(padding)
    }
    if ((flags & FLAG.endStream) !== 0) this.parts.onEnd(id)
  }

  frame({ flags, id, type }: FrameHeader, payload: Buffer): void {
    if (!this.hasSettings && (type !== FRAME.settings || (flags & FLAG.ack) !== 0))
      throw new H2Error(CODE.protocolError, 'no settings at the beginning')
    if (type !== FRAME.continuation) this.blocks.refuseOther()
    switch (type) {
      case FRAME.headers:
        this.takeBlock(this.blocks.begin(id, flags, payload))
        break
      case FRAME.continuation:
        // CVE-2024-27316.
        this.cheap.use('continuations')
        this.takeBlock(this.blocks.continue(id, flags, payload))
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
        if (type === FRAME.priority) refuseSize(id > 0 && payload.length === 5, 'a priority')
    }
  }

  /** An error of one stream (RFC 9113 §5.4.2). */
  breakStream(stream: H2Stream, code: number): void {
    this.parts.limits.faults.use('broken streams')
    stream.reset(code)
  }

  private takeBlock(block: Block | undefined): void {
    if (block !== undefined) this.parts.onBlock(block)
  }

  private takeReset(id: number, payload: Buffer): void {
    const { limits, streams } = this.parts
    refuseSize(payload.length === 4, 'a reset')
    streams.refuseIdle(id, 'a reset')
    streams.unlinger(id)
    limits.useReset()
    const stream = streams.get(id)
    if (stream !== undefined) this.parts.onReset(stream, payload.readUInt32BE(0))
  }

  private takeSettings(id: number, flags: number, payload: Buffer): void {
    if (id !== 0) throw new H2Error(CODE.protocolError, 'settings of a stream')
    this.cheap.use('settings')
    if ((flags & FLAG.ack) !== 0) {
      refuseSize(payload.length === 0, 'an acknowledgement')
      this.blocks.dropTable()
      this.parts.onSettingsTaken()
      return
    }
    const { streams, turns } = this.parts
    const before = this.peer.initialWindowSize
    this.peer = readSettings(payload, this.peer)
    turns.maxFrameBytes = this.peer.maxFrameSize
    for (const stream of streams.all()) {
      if (!stream.addSendWindow(this.peer.initialWindowSize - before))
        throw new H2Error(CODE.flowControlError, 'a window that is too large')
      turns.add(stream)
    }
    this.parts.push(frameOf(FRAME.settings, FLAG.ack, 0, NOTHING))
    const isFirst = !this.hasSettings
    this.hasSettings = true
    this.parts.onSettings(isFirst)
  }

  private takePing(id: number, flags: number, payload: Buffer): void {
    if (id !== 0) throw new H2Error(CODE.protocolError, 'a ping of a stream')
    refuseSize(payload.length === 8, 'a ping')
    this.cheap.use('pings')
    if ((flags & FLAG.ack) === 0) this.parts.push(frameOf(FRAME.ping, FLAG.ack, 0, payload))
    else this.parts.pings.answered(payload)
  }

  private takeGoaway(id: number, payload: Buffer): void {
    if (id !== 0) throw new H2Error(CODE.protocolError, 'a goodbye of a stream')
    refuseSize(payload.length >= 8, 'a goodbye')
    this.cheap.use('goodbyes')
    const last = payload.readUInt32BE(0) & MAX_WINDOW
    this.parts.onGoaway(Buffer.from(payload.subarray(8)))
    for (const stream of this.parts.streams.all())
      if (stream.isOwn && stream.id > last) this.parts.onReset(stream, CODE.refusedStream)
  }

  private takeWindowUpdate(id: number, payload: Buffer): void {
    const { limits, streams, turns } = this.parts
    refuseSize(payload.length === 4, 'a window')
    limits.windows.use()
    const bytes = payload.readUInt32BE(0) & MAX_WINDOW
    if (id === 0) {
      if (bytes === 0) throw new H2Error(CODE.protocolError, 'a window that grows by nothing')
      turns.addWindow(bytes)
      return
    }
    streams.refuseIdle(id, 'a window')
    const stream = streams.get(id)
    if (stream === undefined) return
    if (bytes === 0) this.breakStream(stream, CODE.protocolError)
    else if (!stream.addSendWindow(bytes)) this.breakStream(stream, CODE.flowControlError)
    else turns.add(stream)
  }
}

function refuseSize(isRight: boolean, what: string): void {
  if (!isRight) throw new H2Error(CODE.frameSizeError, `${what} of a wrong length`)
}
