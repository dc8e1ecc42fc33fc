import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { AppError } from '../../../shared/errors/app-error.ts'
import { CODE, MAX_WINDOW } from './codes.ts'
import type { Headers } from './header-fields.ts'
import { Loan } from './loan.ts'
import { PendingWrite } from './pending-write.ts'
import { isLent } from './read-buffers.ts'

/** What a stream asks of its connection. */
export interface StreamCarrier {
  headers(stream: H2Stream, headers: Headers, endStream: boolean): void
  /** It has something to send, and wants to be asked for it in its turn. */
  ready(stream: H2Stream): void
  end(stream: H2Stream): void
  reset(stream: H2Stream, code: number): void
  /** Its reader has taken so many bytes. */
  taken(bytes: number): void
  credit(stream: H2Stream, bytes: number): void
  /** Why it goes down with the connection. */
  lost(): AppError
}

/**
 * One stream of HTTP/2 (RFC 9113 §5.1) and its bytes. What was cut short is reset with CONNECT_ERROR (§8.5), and fails
 * when the other side does that. The client gets `response` with headers. Belongs to its connection.
 */
export class H2Stream extends Duplex {
  readonly id: number
  /** Opened by this side. */
  readonly isOwn: boolean
  private readonly carrier: StreamCarrier
  /** Bytes that the other side may send until they are read. */
  private ownWindow: number
  private maxWindow: number
  /** Bytes that may be sent; below zero after a change of settings (§6.9.2). */
  sendWindow: number
  /** Bytes that the other side may send. */
  receiveWindow: number
  reads = 0
  rstCode: number | undefined
  hasLocalEnd = false
  hasRemoteEnd = false
  /** Whether there was an answer. */
  headersSent = false
  isQueued = false
  private resetWith: number = CODE.connectError
  private pending: PendingWrite | undefined
  private loan: Loan | undefined
  private received = 0
  private takenBytes = 0
  private credited = 0

  constructor(
    carrier: StreamCarrier,
    { id, isOwn }: { readonly id: number; readonly isOwn: boolean },
    windows: { readonly own: number; readonly peer: number },
  ) {
    super({ allowHalfOpen: true, decodeStrings: true })
    this.carrier = carrier
    this.id = id
    this.isOwn = isOwn
    this.ownWindow = windows.own
    this.maxWindow = windows.own
    this.receiveWindow = windows.own
    this.sendWindow = windows.peer
    this.on('error', () => undefined)
  }

  get isOver(): boolean {
    return this.rstCode !== undefined || (this.hasLocalEnd && this.hasRemoteEnd)
  }

  get unread(): number {
    return this.readableLength + (this.loan?.bytes ?? 0)
  }

  /** Lets its window become so large, in bytes, while its reader keeps up; a large one costs memory where none reads. */
  growWindow(maxBytes: number): void {
    this.maxWindow = maxBytes
  }

  /** The server's answer. */
  respond(status: number, headers: Headers = {}, { endStream = false } = {}): void {
    if (this.destroyed || this.headersSent) return
    this.headersSent = true
    if (endStream) this.hasLocalEnd = true
    this.carrier.headers(this, { ':status': String(status), ...headers }, endStream)
  }

  reset(code: number): void {
    this.resetWith = code
    this.destroy()
  }

  /** Writes everything that comes to a socket, without a copy; instead of `data`. See LendingSocket. */
  lendTo(to: Socket, count: (bytes: number) => void): void {
    for (let early: Buffer | null = this.read(); early !== null; early = this.read()) {
      count(early.length)
      to.write(early)
    }
    this.loan = new Loan(to, count, () => {
      this.reads += 1
      this.settle()
    })
    this.settle()
  }

  /** Data of the other side. */
  receive(bytes: Buffer): void {
    this.received += bytes.length
    if (this.destroyed || this.loan === undefined) {
      if (!this.destroyed) this.push(isLent(bytes) ? Buffer.from(bytes) : bytes)
      this.settle()
    } else if (this.loan.lend(bytes)) this.settle()
  }

  /** It is given back at once, as nobody reads it. */
  receivePadding(bytes: number): void {
    this.receiveWindow += bytes
    this.carrier.credit(this, bytes)
  }

  /** The other side has ended. */
  receiveEnd(): void {
    this.hasRemoteEnd = true
    this.loan?.end()
    if (!this.destroyed) this.push(null)
  }

  /** The other side has reset it, or would have. */
  receiveReset(code: number): void {
    this.rstCode ??= code
    const isWhole = this.hasRemoteEnd && this.writableFinished
    if (!isWhole) this.destroy(this.reason())
  }

  /** @returns whether it may be. */
  addSendWindow(bytes: number): boolean {
    this.sendWindow += bytes
    return this.sendWindow <= MAX_WINDOW
  }

  get wantsToSend(): boolean {
    return this.pending !== undefined && this.sendWindow > 0 && !this.destroyed
  }

  /** @returns at most so many bytes, that are sent now; see `sent`. */
  next(max: number): Buffer {
    return this.pending?.next(Math.min(max, this.sendWindow)) ?? Buffer.alloc(0)
  }

  sent(bytes: number): void {
    const { pending } = this
    if (pending === undefined) return
    this.sendWindow -= bytes
    if (!pending.sent(bytes)) return
    this.pending = undefined
    pending.done()
  }

  override _read(): void {
    this.reads += 1
    // It is called before the data is taken out.
    queueMicrotask(() => this.settle())
  }

  override _write(data: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (data.length === 0) {
      done()
      return
    }
    this.pending = new PendingWrite(data, done)
    this.carrier.ready(this)
  }

  override _final(done: (error?: Error | null) => void): void {
    if (!this.hasLocalEnd) {
      this.hasLocalEnd = true
      this.carrier.end(this)
    }
    done()
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    const { pending } = this
    this.pending = undefined
    if (!this.isOver) this.carrier.reset(this, this.resetWith)
    this.rstCode ??= this.isOver ? undefined : this.resetWith
    this.settle()
    pending?.done(error ?? this.reason())
    done(error)
  }

  /** Lets the other side send on, in few messages: half a window keeps it busy meanwhile. */
  private settle(): void {
    const now = this.received - (this.destroyed ? 0 : this.unread)
    if (now > this.takenBytes) {
      this.carrier.taken(now - this.takenBytes)
      this.takenBytes = now
    }
    const bytes = this.takenBytes - this.credited
    if (bytes < this.ownWindow / 2 || this.hasRemoteEnd || this.destroyed) return
    this.credited += bytes
    const grown = bytes + this.growth()
    this.receiveWindow += grown
    this.carrier.credit(this, grown)
  }

  /** By how much its window grows now. */
  private growth(): number {
    if (this.unread > 0) return 0
    const more = Math.min(this.ownWindow, this.maxWindow - this.ownWindow)
    this.ownWindow += more
    return more
  }

  private reason(): AppError {
    if (this.rstCode === CODE.connectError)
      return new AppError('egress.unreachable', 'The connection was reset behind the tunnel.')
    return this.carrier.lost()
  }
}
