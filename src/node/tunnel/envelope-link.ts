import type { TLSSocket } from 'node:tls'
import { AppError } from '../../shared/errors/app-error.ts'
import {
  type Envelope,
  formatEnvelope,
  type PayloadOf,
  parseEnvelope,
} from '../../shared/protocol/tunnel/envelopes.ts'
import { LineSplitter } from '../../shared/protocol/tunnel/line-splitter.ts'
import type { StreamRules } from '../../shared/protocol/tunnel/stream-machine.ts'
import { ENVELOPES, UNREAD } from '../../shared/protocol/tunnel/wire.ts'
import type { Logger } from '../log.ts'
import { eventOf, isOfStream } from './envelope-events.ts'
import { EnvelopeStream, type StreamCarrier } from './envelope-stream.ts'
import { UnreadBudget } from './unread-budget.ts'

export interface EnvelopeLinkOptions {
  readonly socket: TLSSocket
  readonly isAgent: boolean
  /** What the other end is called in messages. */
  readonly peer: string
  readonly log: Logger
  /** What is not about a stream that is known here. */
  readonly onEnvelope: (envelope: Envelope) => void
  readonly onClosed: (error: AppError) => void
}

/** A peer that lets this much wait does not read. */
const MAX_WAITING_BYTES = 64 * 2 ** 20
/** What one peer may begin before it is the turn of others; see Breath of HTTP/2. */
const BEGINNINGS = 16
/** How long a peer without credit may be held up by one stream that nobody reads. */
const HOLD_MS = 30_000
/** For a peer to read the last words and to end, too. */
const LAST_WORD_MS = 5_000

/**
 * One connection that speaks envelopes, at either end. Owns the socket and the streams. Streams wait for their turn to
 * write, so that none starves; a stream that is not read holds the peer up by credit, or, where the peer knows none,
 * by not reading the connection.
 */
export class EnvelopeLink implements StreamCarrier {
  private readonly options: EnvelopeLinkOptions
  private readonly streams = new Map<string, EnvelopeStream>()
  private readonly splitter = new LineSplitter(ENVELOPES.line)
  private readonly holding = new Map<EnvelopeStream, NodeJS.Timeout>()
  private readonly pings = new Map<string, () => void>()
  private turns: (() => void)[] = []
  private peer: PayloadOf<'hello'> | undefined
  private readonly unread: UnreadBudget
  private nextId = 1
  private isClosed = false
  /** Why this end has ended, once it has. */
  private goodbye: AppError | undefined
  private endTimer: NodeJS.Timeout | undefined
  /** That wait for their turn. */
  private lines: readonly Uint8Array[] = []
  private next: NodeJS.Immediate | undefined
  /** Since it was last the turn of others. */
  private begun = 0

  constructor(options: EnvelopeLinkOptions) {
    this.options = options
    const { isAgent, socket } = options
    this.unread = new UnreadBudget(isAgent ? UNREAD.agent : UNREAD.server)
    socket.on('data', (data: Buffer) => this.read(data))
    socket.on('drain', () => this.takeTurns())
    socket.on('error', (error) => this.close(this.lost(error)))
    socket.once('end', () => this.close(this.lost()))
    socket.once('close', () => this.close(this.lost()))
  }

  get hasHello(): boolean {
    return this.peer !== undefined
  }

  get streamCount(): number {
    return this.streams.size
  }

  get bytesReceived(): number {
    return this.options.socket.bytesRead
  }

  get bytesSent(): number {
    return this.options.socket.bytesWritten
  }

  has(id: string): boolean {
    return this.streams.has(id)
  }

  /** The stream is not yet acknowledged. @param id the agent chooses one itself. */
  addStream(id = String(this.nextId++)): EnvelopeStream {
    const stream = new EnvelopeStream(this, id, this.rules())
    this.streams.set(id, stream)
    this.unread.add(stream)
    return stream
  }

  forget(stream: EnvelopeStream): void {
    if (this.streams.get(stream.id) === stream) this.streams.delete(stream.id)
  }

  send(envelope: Envelope): boolean {
    return this.write(formatEnvelope(envelope), 'utf8')
  }

  /** The one message of which there are many: base64 needs no escaping. */
  sendData(id: string, data: Buffer): boolean {
    const chunk = data.toString('base64')
    return this.write(
      `{"type":"connect_data","payload":{"id":${JSON.stringify(id)},"chunk":"${chunk}"}}\n`,
      'latin1',
    )
  }

  whenWritable(turn: () => void): void {
    this.turns.push(turn)
    if (this.turns.length === 1 && !this.options.socket.writableNeedDrain)
      queueMicrotask(() => this.takeTurns())
  }

  sayHello(): void {
    const { version, window } = ENVELOPES
    this.send({ type: 'hello', payload: { version, window } })
  }

  ping(onRoundTrip: () => void): void {
    // Peers without hello know no ping; TCP keepalive has to do.
    if (!this.hasHello) {
      onRoundTrip()
      return
    }
    const nonce = String(this.nextId++)
    this.pings.set(nonce, onRoundTrip)
    this.send({ type: 'ping', payload: { nonce } })
  }

  /** A stream without credit that nobody reads. */
  hold(stream: EnvelopeStream): void {
    if (this.hasHello || this.holding.has(stream)) return
    const giveUp = (): void => {
      stream.destroy(new AppError('egress.timeout', 'Nobody read this connection.'))
    }
    this.holding.set(stream, setTimeout(giveUp, HOLD_MS))
    this.options.socket.pause()
  }

  release(stream: EnvelopeStream): void {
    const timer = this.holding.get(stream)
    if (timer === undefined) return
    clearTimeout(timer)
    this.holding.delete(stream)
    this.resume()
  }

  /** Fails all that is open. Idempotent. */
  close(error: AppError): void {
    if (this.isClosed) return
    this.isClosed = true
    clearImmediate(this.next)
    clearTimeout(this.endTimer)
    this.lines = []
    for (const stream of [...this.streams.values()]) stream.destroy(error)
    this.turns = []
    this.pings.clear()
    this.options.socket.destroy()
    this.options.onClosed(error)
  }

  /**
   * Writes what waits, ends, and reads on until the peer has ended too. To close on what it still says would have the
   * system throw away what the peer has not read yet (RFC 9112 §9.6).
   */
  end(error: AppError): void {
    const { socket } = this.options
    if (this.isClosed || this.goodbye !== undefined || socket.destroyed) return
    this.goodbye = error
    socket.end(() => {
      if (!this.isClosed) this.endTimer = setTimeout(() => this.close(error), LAST_WORD_MS).unref()
    })
  }

  private rules(): StreamRules {
    const { isAgent } = this.options
    const peerWindow = this.peer?.window ?? Number.POSITIVE_INFINITY
    return { ownWindow: ENVELOPES.window, peerWindow, knowsHalfClose: this.hasHello, isAgent }
  }

  private write(text: string, encoding: BufferEncoding): boolean {
    const { socket } = this.options
    if (this.isClosed || socket.writableEnded || socket.destroyed) return false
    const isFree = socket.write(text, encoding)
    if (socket.writableLength > MAX_WAITING_BYTES)
      this.close(new AppError('tunnel.protocol', 'The other end of the tunnel does not read.'))
    return isFree
  }

  private takeTurns(): void {
    const { turns } = this
    this.turns = []
    for (const [index, turn] of turns.entries()) {
      if (this.options.socket.writableNeedDrain) {
        this.turns = [...turns.slice(index), ...this.turns]
        return
      }
      turn()
    }
  }

  private read(data: Buffer): void {
    const lines = this.splitter.push(data)
    if (lines === 'too-long') this.break('a line that is too long')
    else if (this.next === undefined) this.readLines(lines)
    else this.lines = [...this.lines, ...lines]
  }

  private readLines(lines: readonly Uint8Array[]): void {
    for (const [index, line] of lines.entries()) {
      if (this.isClosed) return
      if (this.begun >= BEGINNINGS) {
        this.readLater(lines.slice(index))
        return
      }
      this.readLine(line)
    }
  }

  private readLater(lines: readonly Uint8Array[]): void {
    this.begun = 0
    this.lines = lines
    this.options.socket.pause()
    this.next = setImmediate(() => {
      const waiting = this.lines
      this.lines = []
      this.next = undefined
      this.readLines(waiting)
      this.resume()
    })
  }

  private resume(): void {
    if (this.next === undefined && this.holding.size === 0) this.options.socket.resume()
  }

  private readLine(line: Uint8Array): void {
    const parsed = parseEnvelope(Buffer.from(line.buffer, line.byteOffset, line.length).toString('utf8'))
    if (parsed.kind === 'broken') this.break(parsed.reason)
    else if (parsed.kind === 'envelope') this.take(parsed.envelope)
    else this.options.log.debug({ type: parsed.type }, 'an envelope that means nothing here')
  }

  private break(what: string): void {
    this.close(new AppError('tunnel.protocol', `The other end of the tunnel sent ${what}.`))
  }

  private lost(cause?: Error): AppError {
    if (this.goodbye !== undefined) return this.goodbye
    const options = cause === undefined ? {} : { cause }
    return new AppError('tunnel.down', `The connection to ${this.options.peer} was lost.`, options)
  }

  private take(envelope: Envelope): void {
    switch (envelope.type) {
      case 'hello':
        this.peer ??= envelope.payload
        break
      case 'ping':
        this.send({ type: 'pong', payload: envelope.payload })
        return
      case 'pong':
        this.pings.get(envelope.payload.nonce)?.()
        this.pings.delete(envelope.payload.nonce)
        return
    }
    if (isOfStream(envelope)) {
      // One that is not known was closed here while this was under way.
      const stream = this.streams.get(envelope.payload.id)
      if (stream !== undefined) stream.receive(...eventOf(envelope))
    } else {
      this.begun += 1
      this.options.onEnvelope(envelope)
    }
  }
}
