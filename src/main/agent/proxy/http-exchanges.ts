import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { type AppError, toAppError } from '../../../shared/errors/app-error.ts'
import type { Egress } from '../../egress/egress.ts'
import { BackToClient } from './back-to-client.ts'
import { EgressAgent } from './egress-agent.ts'
import { sendError } from './error-answer.ts'
import { exchangeFailure } from './failure.ts'
import { startFullExchange } from './full-exchange.ts'
import type { Gate } from './gate.ts'
import { Lane } from './lane.ts'
import { LanePool } from './lane-pool.ts'
import { LightExchange } from './light-exchange.ts'
import type { ProxyLimits, ProxyOptions } from './proxy-options.ts'
import type { RequestHead } from './request-head.ts'
import { type HttpTarget, parseHttpTarget } from './target.ts'

/** A request on its way. */
interface Passage {
  readonly request: IncomingMessage
  readonly back: BackToClient
  readonly head: RequestHead
  readonly target: HttpTarget
  readonly egress: Egress
  /** Who shares connections with whom. */
  readonly key: string
  /** Set as long as there is something to cut when the client goes. */
  cut: (() => void) | undefined
}

/** Methods that may be sent twice (RFC 9110 §9.2.2). */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE', 'QUERY'])

/** Sends requests with a whole URL on to their hosts. Owns the connections to the hosts. */
export class HttpExchanges {
  private readonly options: ProxyOptions
  private readonly limits: ProxyLimits
  private readonly gate: Gate
  private readonly lanes: LanePool
  private readonly agent = new EgressAgent()
  private readonly sticky = new WeakMap<Duplex, string>()
  private nextSticky = 1

  constructor(options: ProxyOptions, limits: ProxyLimits, gate: Gate) {
    this.options = options
    this.limits = limits
    this.gate = gate
    this.lanes = new LanePool(() => options.ambient.monotonicMs())
  }

  forward(request: IncomingMessage, response: ServerResponse): void {
    let passage: Passage
    try {
      passage = this.prepare(request, response)
    } catch (error) {
      this.refuse(request, response, toAppError(error))
      return
    }
    response.once('close', () => passage.cut?.())
    // The client may be gone before anything was sent.
    response.on('error', () => undefined)
    const { head, target } = passage
    // undici does not know OPTIONS about a server as a whole either.
    if (head.hasBody || head.expectsContinue || target.path === '*') this.sendFully(passage)
    else this.sendLightly(passage)
  }

  /** Ends idle connections; those under way end with their requests. */
  close(): void {
    this.lanes.close()
    this.agent.retire()
  }

  private prepare(request: IncomingMessage, response: ServerResponse): Passage {
    const head = this.gate.admit(request)
    const target = parseHttpTarget(request.url ?? '', request.method ?? 'GET')
    const egress = this.gate.wayTo(target)
    const back = new BackToClient(response, this.gate.pseudonym)
    const user = this.userOf(request, head)
    const key = `${egress.name} ${target.host} ${target.port} ${user}`
    return { request, back, head, target, egress, key, cut: undefined }
  }

  /**
   * NTLM and Negotiate make a connection known rather than a request (RFC 4559 §6): the connections of a client that
   * uses them are for no one else.
   */
  private userOf({ socket }: IncomingMessage, { authorization }: RequestHead): string {
    const known = this.sticky.get(socket)
    if (known !== undefined) return known
    if (!/^(?:NTLM|Negotiate)\b/i.test(authorization)) return authorization
    const fresh = `connection ${this.nextSticky++}`
    this.sticky.set(socket, fresh)
    return fresh
  }

  private sendLightly(passage: Passage, isSecondTry = false): void {
    const lane = isSecondTry ? undefined : this.lanes.take(passage.key)
    if (lane !== undefined) {
      this.useLane(passage, lane)
      return
    }
    const abort = new AbortController()
    passage.cut = () => abort.abort()
    passage.egress.connect(passage.target, abort.signal).then(
      (stream) => {
        passage.cut = undefined
        if (passage.back.response.destroyed) stream.destroy()
        else this.useLane(passage, new Lane(originOf(passage.target), stream, this.laneLimits))
      },
      (error) => this.fail(passage, error),
    )
  }

  private useLane(passage: Passage, lane: Lane): void {
    const { request, back, head, target } = passage
    const wasUsed = lane.isUsed
    const exchange = new LightExchange(back, {
      onDone: () => {
        passage.cut = undefined
        this.lanes.give(passage.key, lane)
      },
      onFailure: (error, isUntouched) => {
        passage.cut = undefined
        // The host may have closed it while it was idle, just as the request went out.
        if (wasUsed && isUntouched && IDEMPOTENT.has(request.method ?? '')) this.sendLightly(passage, true)
        else this.fail(passage, error)
      },
    })
    passage.cut = () => exchange.abort()
    const headers = ['Host', target.authority, ...head.headers]
    exchange.start(lane, { method: request.method ?? 'GET', path: target.path, headers })
  }

  private sendFully(passage: Passage): void {
    const { request, back, head, target, egress, key } = passage
    const abort = new AbortController()
    const cut = startFullExchange({
      request,
      back,
      expectsContinue: head.expectsContinue,
      answerMs: this.limits.answerMs,
      send: {
        method: request.method ?? 'POST',
        path: target.path,
        setHost: false,
        maxHeaderSize: this.limits.headMaxBytes,
        headers: [
          ...['Host', target.authority, ...head.headers],
          ...(head.isChunked ? ['Transfer-Encoding', 'chunked'] : []),
          ...(head.expectsContinue ? ['Expect', '100-continue'] : []),
        ],
        ...this.agent.optionsFor({ key, open: () => egress.connect(target, abort.signal) }),
      },
      onFailure: (error) => this.fail(passage, error),
    })
    passage.cut = () => {
      cut()
      abort.abort()
    }
  }

  private fail({ request, back, target }: Passage, error: unknown): void {
    const { response } = back
    if (response.destroyed || response.writableEnded) return
    const failure = exchangeFailure(error, target.host)
    if (back.hasBegun) {
      this.options.log.info({ err: failure, host: target.host }, 'the proxy could not finish an answer')
      back.cut()
    } else this.refuse(request, response, failure)
  }

  private refuse(request: IncomingMessage, response: ServerResponse, error: AppError): void {
    const { log } = this.options
    if (error.code === 'internal.bug') log.error({ err: error }, 'the proxy failed')
    else log.info({ code: error.code, reason: error.message }, 'the proxy refused a request')
    sendError(request, response, error)
  }

  private get laneLimits() {
    const { answerMs, silenceMs, headMaxBytes } = this.limits
    return { answerMs, silenceMs, headMaxBytes }
  }
}

function originOf({ host, port }: HttpTarget): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
}
