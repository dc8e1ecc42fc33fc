import { Duplex } from 'node:stream'
import { AppError } from '../../shared/errors/app-error.ts'
import type { Envelope } from '../../shared/protocol/tunnel/envelopes.ts'
import { toRefusalCode } from '../../shared/protocol/tunnel/refusal.ts'
import {
  OPENING,
  opened,
  type StreamEffect,
  type StreamEvent,
  type StreamRules,
  type StreamState,
  streamStep,
} from '../../shared/protocol/tunnel/stream-machine.ts'
import { ENVELOPES } from '../../shared/protocol/tunnel/wire.ts'

interface PendingWrite {
  readonly data: Buffer
  offset: number
  readonly done: (error?: Error | null) => void
}

/** What a stream asks of the connection that carries it. */
export interface StreamCarrier {
  /** Whether more may follow at once. */
  send(envelope: Envelope): boolean
  sendData(id: string, bytes: Buffer): boolean
  whenWritable(turn: () => void): void
  /** Reads no further for anybody, because this one does not read. */
  hold(stream: EnvelopeStream): void
  release(stream: EnvelopeStream): void
  forget(stream: EnvelopeStream): void
}

/** The bytes of one `connect_*` stream; its rules are those of stream-machine.ts. Belongs to its link. */
export class EnvelopeStream extends Duplex {
  readonly id: string
  private readonly link: StreamCarrier
  private readonly rules: StreamRules
  reads = 0
  private state: StreamState = OPENING
  private pending: PendingWrite | undefined
  private arrived: Buffer = Buffer.alloc(0)
  private readonly answer = Promise.withResolvers<void>()

  constructor(link: StreamCarrier, id: string, rules: StreamRules) {
    super({ allowHalfOpen: true })
    this.link = link
    this.id = id
    this.rules = rules
    // Only who opens a stream waits for its answer.
    this.answer.promise.catch(() => undefined)
    this.on('error', () => undefined)
  }

  /** Resolves with the acknowledgement. @throws AppError of the peer's refusal, or of the end of the link. */
  get isOpen(): Promise<void> {
    return this.answer.promise
  }

  /** The server's side: the connection exists. */
  accept(): void {
    if (this.state.phase !== 'opening') return
    this.link.send({ type: 'connect_ack', payload: { id: this.id, ok: true } })
    this.state = opened(this.rules)
  }

  /** The server's side: it does not. */
  refuse(code: string, message: string): void {
    if (this.state.phase !== 'opening') return
    this.state = { phase: 'closed' }
    this.link.send({ type: 'connect_ack', payload: { id: this.id, ok: false, error: message, code } })
    this.link.forget(this)
    this.destroy()
  }

  /** @param data of a `data` event. */
  receive(event: StreamEvent & { from: 'peer' }, data?: Buffer): void {
    if (data !== undefined) this.arrived = data
    this.step(event)
  }

  get unread(): number {
    return this.readableLength
  }

  override _read(): void {
    this.reads += 1
    this.link.release(this)
    // It is called before the data is taken out.
    queueMicrotask(() => this.giveCredit())
  }

  override _write(data: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.pending = { data, offset: 0, done }
    this.flush()
  }

  override _final(done: (error?: Error | null) => void): void {
    this.step({ from: 'user', type: 'end' })
    done()
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.step({ from: 'user', type: 'reset', error: error?.message ?? 'The connection was cut.' })
    this.answer.reject(error ?? new AppError('egress.unreachable', 'The connection was given up.'))
    this.link.release(this)
    this.link.forget(this)
    done(error)
  }

  private step(event: StreamEvent): void {
    const { state, effects } = streamStep(this.state, event, this.rules)
    this.state = state
    for (const effect of effects) this.carryOut(effect)
  }

  private carryOut(effect: StreamEffect): void {
    if ('send' in effect) this.send(effect)
    else this.tell(effect)
  }

  private send(effect: Extract<StreamEffect, { send: string }>): void {
    const { id } = this
    // Data goes out where it is at hand; see flush.
    if (effect.send === 'credit') this.link.send({ type: 'credit', payload: { id, bytes: effect.bytes } })
    else if (effect.send === 'end') this.link.send({ type: 'connect_end', payload: { id } })
    else if (effect.send === 'close') {
      const error = effect.error === undefined ? {} : { error: effect.error }
      this.link.send({ type: 'connect_close', payload: { id, ...error } })
    }
  }

  private tell(effect: Extract<StreamEffect, { tell: string }>): void {
    switch (effect.tell) {
      case 'opened':
        this.answer.resolve()
        break
      case 'data':
        this.deliver()
        break
      case 'end':
        this.push(null)
        break
      case 'writable':
        this.flush()
        break
      case 'refused':
        this.destroy(new AppError(toRefusalCode(effect.code ?? ''), effect.message))
        break
      case 'reset':
        this.destroy(new AppError('egress.unreachable', effect.message))
        break
      case 'broken':
        this.destroy(new AppError('tunnel.protocol', effect.message))
        break
      case 'closed':
        this.link.forget(this)
        // What is still to be said is for nobody.
        this.flush()
        break
    }
  }

  private deliver(): void {
    const { arrived } = this
    this.arrived = Buffer.alloc(0)
    if (!this.push(arrived) && this.readableLength >= ENVELOPES.window) this.link.hold(this)
    this.giveCredit()
  }

  /** In few messages: half a window keeps the peer busy meanwhile. */
  private giveCredit(): void {
    if (this.state.phase !== 'open') return
    const bytes = this.state.received - this.readableLength
    if (bytes >= this.rules.ownWindow / 2) this.step({ from: 'user', type: 'taken', bytes })
  }

  private flush(): void {
    const { pending, state } = this
    if (pending === undefined || state.phase === 'opening') return
    if (state.phase === 'closed') {
      this.written(pending)
      return
    }
    const { data, offset } = pending
    const bytes = Math.min(data.length - offset, ENVELOPES.chunk, state.sendLeft)
    if (bytes <= 0) {
      if (offset === data.length) this.written(pending)
      return
    }
    pending.offset += bytes
    this.step({ from: 'user', type: 'data', bytes })
    this.link.sendData(this.id, data.subarray(offset, offset + bytes))
    // Each stream sends one piece and goes to the end of the queue.
    this.link.whenWritable(() => this.flush())
  }

  private written(pending: PendingWrite): void {
    this.pending = undefined
    pending.done()
  }
}
