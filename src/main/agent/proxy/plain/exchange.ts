import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { resetSocket } from '../../../../node/reset-socket.ts'
import type { Earlier, HttpExchanges, Route } from '../http-exchanges.ts'
import type { Lane, LaneReader } from '../lane.ts'
import type { ProxyLimits } from '../proxy-options.ts'
import { readPlainAnswer } from './answer.ts'
import type { PlainRequest } from './request.ts'

export interface PlainExchangeOptions {
  readonly exchanges: HttpExchanges
  readonly pseudonym: string
  readonly limits: Pick<ProxyLimits, 'answerMs' | 'silenceMs'>
  readonly monotonicMs: () => number
  /** How long the connection of the client stays without a request, in milliseconds. */
  readonly keepAliveMs: number
  /** The answer is written. @param isKept whether the connection is free for the next request. */
  readonly onDone: (isKept: boolean) => void
  /** The exchange is over, and what is to be answered takes more than this. */
  readonly onThorough: (answer: (request: IncomingMessage, response: ServerResponse) => void) => void
}

/** A body up to this goes out in one piece with its head, which the kernel takes at once and in half the time. */
const ONE_PIECE_BYTES = 8_192

const LAST = 'Connection: close\r\n\r\n'

function stays(ms: number): string {
  return `Connection: keep-alive\r\nKeep-Alive: timeout=${Math.floor(ms / 1000)}\r\n\r\n`
}

/** One plain request and its answer, passed through as long as that is as plain. */
export class PlainExchange implements LaneReader {
  private readonly request: PlainRequest
  private readonly client: Socket
  private readonly options: PlainExchangeOptions
  private readonly route: Route
  private lane: Lane | undefined
  private dialing: AbortController | undefined
  /** Bytes of the body that are to come; undefined before its head. */
  private left: number | undefined
  private keepsLane = false
  /** On the monotonic clock, in milliseconds: until when the host may be silent. */
  private deadline: number

  /** @throws AppError where the request is refused. */
  constructor(request: PlainRequest, client: Socket, options: PlainExchangeOptions) {
    this.request = request
    this.client = client
    this.options = options
    this.route = options.exchanges.route(request, client)
    this.deadline = options.monotonicMs() + options.limits.answerMs
  }

  start(): void {
    const lane = this.options.exchanges.takePlainLane(this.route)
    if (lane === undefined) void this.dial()
    else this.ask(lane)
  }

  /** The client takes more. */
  resume(): void {
    this.lane?.resume()
  }

  /** The client is gone. */
  abort(): void {
    this.dialing?.abort()
    this.lane?.destroy()
    this.lane = undefined
  }

  /** To be called from time to time. */
  look(now: number): void {
    if (now < this.deadline) return
    this.abort()
    if (this.left === undefined) this.fail(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' }))
    else resetSocket(this.client)
  }

  onBytes(bytes: Buffer): void {
    const { lane } = this
    if (lane === undefined) return
    // Nobody would take care of the lane any more.
    if (this.client.destroyed) this.abort()
    else if (this.left !== undefined) this.pass(bytes, lane)
    else this.begin(bytes, lane)
  }

  onOver(): void {
    const wasUsed = this.lane?.isUsed === true
    this.lane = undefined
    // What came so far is not all of it; an orderly end might look as if it were.
    if (this.left !== undefined) resetSocket(this.client)
    // The host may have closed it while it was idle, just as the request went out; GET and HEAD may be sent twice.
    else if (wasUsed) void this.dial()
    else this.fail(new Error('The connection was closed.'))
  }

  private async dial(): Promise<void> {
    const abort = new AbortController()
    this.dialing = abort
    try {
      const lane = await this.options.exchanges.openLane(this.route, abort.signal)
      if (abort.signal.aborted) lane.destroy()
      else this.ask(lane)
    } catch (error) {
      if (!abort.signal.aborted) this.fail(error)
    } finally {
      if (this.dialing === abort) this.dialing = undefined
    }
  }

  private ask(lane: Lane): void {
    const { head, target } = this.route
    const { headers } = head
    let text = `${this.request.method} ${target.path} HTTP/1.1\r\nHost: ${target.authority}\r\n`
    for (let index = 0; index < headers.length; index += 2)
      text += `${headers[index]}: ${headers[index + 1]}\r\n`
    this.lane = lane
    lane.ask(`${text}\r\n`, this)
  }

  private begin(bytes: Buffer, lane: Lane): void {
    const { keepAliveMs, pseudonym } = this.options
    const answer = readPlainAnswer(bytes, this.request.method === 'HEAD', pseudonym)
    if (answer === undefined) {
      this.lane = undefined
      this.hand({ route: this.route, lane, answered: bytes })
      return
    }
    const { bodyAt, head, isKept, length } = answer
    this.keepsLane = isKept
    const whole = head + (this.request.isLast ? LAST : stays(keepAliveMs))
    if (length <= ONE_PIECE_BYTES && bytes.length === bodyAt + length) {
      this.client.write(whole + bytes.toString('latin1', bodyAt), 'latin1')
      this.finish(lane)
      return
    }
    this.left = length
    this.client.cork()
    this.client.write(whole, 'latin1')
    this.pass(bytes.subarray(bodyAt), lane)
    this.client.uncork()
  }

  private pass(bytes: Buffer, lane: Lane): void {
    const left = (this.left ?? 0) - bytes.length
    this.left = left
    // What comes behind the body is nobody's answer.
    if (left < 0) this.keepsLane = false
    const takesMore = this.client.write(left < 0 ? bytes.subarray(0, left) : bytes)
    if (left <= 0) this.finish(lane)
    else {
      this.deadline = this.options.monotonicMs() + this.options.limits.silenceMs
      if (!takesMore) lane.pause()
    }
  }

  private finish(lane: Lane): void {
    this.lane = undefined
    lane.rest()
    if (this.keepsLane) this.options.exchanges.giveLane(this.route, lane)
    else lane.end()
    this.options.onDone(!this.request.isLast)
  }

  private fail(error: unknown): void {
    this.hand({ route: this.route, error })
  }

  private hand(earlier: Earlier): void {
    this.options.onThorough((request, response) => {
      this.options.exchanges.forward(request, response, earlier)
    })
  }
}
