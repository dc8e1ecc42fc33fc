import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { ProxyLimits } from '../proxy-options.ts'
import { PlainExchange, type PlainExchangeOptions } from './exchange.ts'
import { type PlainRequest, readPlainRequest } from './request.ts'
import { answerThoroughly } from './thorough.ts'

export interface PlainClientOptions extends Omit<PlainExchangeOptions, 'onDone' | 'onThorough'> {
  readonly limits: Pick<ProxyLimits, 'answerMs' | 'silenceMs' | 'patienceMs'>
  /** What the client says next is no plain request: whoever takes the paused connection reads it from there. */
  readonly onLeave: (client: PlainClient, socket: Socket) => void
  readonly onClosed: (client: PlainClient) => void
}

/** A connection for as long as the client sends plain requests on it, one after the other. */
export class PlainClient {
  private readonly socket: Socket
  private readonly options: PlainClientOptions
  private readonly exchangeOptions: PlainExchangeOptions
  private request: PlainRequest | undefined
  private isAnswering = false
  /** Set while an answer passes through; not while it is answered thoroughly. */
  private exchange: PlainExchange | undefined
  /** On the monotonic clock, in milliseconds: until when the client may be without a request. */
  private deadline = 0
  private isClosing = false
  /** The last answer is written; what the client says now is nobody's request. */
  private isEnding = false

  constructor(socket: Socket, options: PlainClientOptions) {
    this.socket = socket
    this.options = options
    this.exchangeOptions = {
      ...options,
      onDone: (isKept) => this.next(isKept),
      onThorough: (answer) => this.answerThoroughly(answer),
    }
  }

  /** @param request has been read off the socket, which is paused. */
  start(request: PlainRequest): void {
    const { socket } = this
    socket.on('data', this.onData).on('end', this.onEnd).on('close', this.onClose)
    socket.on('drain', this.onDrain).on('timeout', this.onTimeout)
    this.begin(request)
    socket.resume()
  }

  /** Ends the connection once nothing is under way on it. */
  close(): void {
    this.isClosing = true
    if (!this.isAnswering) this.end()
  }

  /** To be called from time to time. */
  look(now: number): void {
    if (this.isAnswering) this.exchange?.look(now)
    else if (now >= this.deadline) this.end()
  }

  private begin(request: PlainRequest): void {
    this.isAnswering = true
    this.request = request
    const { exchanges } = this.options
    try {
      this.exchange = new PlainExchange(request, this.socket, this.exchangeOptions)
    } catch {
      // Looked at once more, it is refused with words.
      this.answerThoroughly((message, response) => exchanges.forward(message, response))
      return
    }
    this.exchange.start()
  }

  private answerThoroughly(answer: (message: IncomingMessage, response: ServerResponse) => void): void {
    const { request, socket } = this
    this.exchange = undefined
    if (request === undefined || socket.destroyed) return
    // A client that does not read; hosts have limits of their own there.
    if (!socket.readableEnded) socket.setTimeout(this.options.limits.silenceMs)
    answerThoroughly(request, socket, answer, (isKept) => {
      socket.setTimeout(0)
      this.next(isKept)
    })
  }

  private next(isKept: boolean): void {
    const { socket } = this
    this.exchange = undefined
    this.isAnswering = false
    if (!isKept || this.isClosing || socket.readableEnded) this.end()
    else if (!socket.writableNeedDrain) this.wait()
    else {
      // One that does not read its answers gets no more of them.
      this.deadline = this.options.monotonicMs() + this.options.limits.silenceMs
      socket.pause()
    }
  }

  private wait(): void {
    this.deadline = this.options.monotonicMs() + this.options.keepAliveMs
    this.socket.resume()
  }

  private end(): void {
    if (this.isEnding) return
    this.isEnding = true
    const { socket } = this
    socket.destroySoon()
    if (socket.writableLength === 0) return
    const { patienceMs, silenceMs } = this.options.limits
    socket.setTimeout(socket.readableEnded ? patienceMs : silenceMs)
    socket.resume()
  }

  private leave(bytes: Buffer): void {
    const { socket } = this
    socket.off('data', this.onData).off('end', this.onEnd).off('close', this.onClose)
    socket.off('drain', this.onDrain).off('timeout', this.onTimeout).pause()
    socket.unshift(bytes)
    this.options.onLeave(this, socket)
  }

  private readonly onData = (bytes: Buffer): void => {
    if (this.isEnding) return
    if (this.isAnswering) {
      // For later; while there is something to be read, the end does not come either.
      this.socket.pause().unshift(bytes)
      return
    }
    const request = readPlainRequest(bytes)
    if (request === undefined) this.leave(bytes)
    else this.begin(request)
  }

  private readonly onEnd = (): void => {
    // It may be waiting for its answer, or be gone.
    if (this.isAnswering) this.socket.setTimeout(this.options.limits.patienceMs)
    else this.end()
  }

  private readonly onClose = (): void => {
    this.exchange?.abort()
    this.options.onClosed(this)
  }

  private readonly onDrain = (): void => {
    if (this.isAnswering) this.exchange?.resume()
    else if (!this.isEnding) this.wait()
  }

  private readonly onTimeout = (): void => {
    this.socket.destroy()
  }
}
