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
import { answerAsLast, lowerMaxForwards } from './max-forwards.ts'
import { answerByItself } from './own-answer.ts'
import type { ReadRequest } from './plain/request.ts'
import type { ProxyLimits, ProxyOptions } from './proxy-options.ts'
import type { RequestHead } from './request-head.ts'
import { type HttpTarget, parseHttpTarget } from './target.ts'

/** Where a request goes, and what of it. */
export interface Route {
  readonly head: RequestHead
  readonly target: HttpTarget
  readonly egress: Egress
  /** Who shares connections with whom. */
  readonly key: string
}

/** What was done for a request before it needed more than that. */
export type Earlier =
  | { readonly route: Route; readonly error: unknown }
  /** The request is on its way there, and this is how the answer begins. */
  | { readonly route: Route; readonly lane: Lane; readonly answered: Buffer }

/** A request on its way. */
interface Passage extends Route {
  readonly request: IncomingMessage
  readonly back: BackToClient
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

  forward(request: IncomingMessage, response: ServerResponse, earlier?: Earlier): void {
    let passage: Passage
    try {
      const route = earlier?.route ?? this.route(request, request.socket)
      const back = new BackToClient(response, this.gate.pseudonym)
      passage = { ...route, request, back, cut: undefined }
    } catch (error) {
      this.refuse(request, response, toAppError(error))
      return
    }
    response.once('close', () => passage.cut?.())
    // The client may be gone before anything was sent.
    response.on('error', () => undefined)
    const { head, target } = passage
    if (earlier !== undefined) {
      if ('lane' in earlier) this.useLane(passage, earlier.lane, earlier.answered)
      else this.fail(passage, earlier.error)
      return
    }
    if (lowerMaxForwards(request.method ?? 'GET', head.headers) === 0) {
      answerByItself(request, response, () => answerAsLast(request, response))
      return
    }
    // undici does not know OPTIONS about a server as a whole either.
    const isFull = head.hasBody || head.expectsContinue || target.path === '*'
    try {
      if (isFull) this.sendFully(passage)
      else this.sendLightly(passage)
    } catch (error) {
      // What Node does not send.
      this.fail(passage, error)
    }
  }

  /** @throws AppError where the request is refused. */
  route(request: ReadRequest & { readonly method?: string | undefined }, client: Duplex): Route {
    const head = this.gate.admit(request)
    const target = parseHttpTarget(request.url ?? '', request.method ?? 'GET')
    const egress = this.gate.wayTo(target)
    const key = `${egress.name} ${target.host} ${target.port} ${this.userOf(client, head)}`
    return { head, target, egress, key }
  }

  /** One that waits, on which a request may be written as it is. */
  takePlainLane({ key }: Route): Lane | undefined {
    return this.lanes.takePlain(key)
  }

  /** @throws what {@link Egress.connect} throws. */
  async openLane({ egress, target }: Route, signal: AbortSignal): Promise<Lane> {
    return new Lane(originOf(target), await egress.connect(target, signal), this.laneLimits)
  }

  giveLane({ key }: Route, lane: Lane): void {
    this.lanes.give(key, lane)
  }

  /** Ends idle connections; those under way end with their requests. */
  close(): void {
    this.lanes.close()
    this.agent.retire()
  }

  /**
   * NTLM and Negotiate make a connection known rather than a request (RFC 4559 §6): the connections of a client that
   * uses them are for no one else.
   */
  private userOf(client: Duplex, { authorization }: RequestHead): string {
    const known = this.sticky.get(client)
    if (known !== undefined) return known
    if (!/^(?:NTLM|Negotiate)\b/i.test(authorization)) return authorization
    // No credential reads like that, as no header has a line feed in it.
    const fresh = `\n${this.nextSticky++}`
    this.sticky.set(client, fresh)
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
    this.openLane(passage, abort.signal).then(
      (lane) => {
        passage.cut = undefined
        if (passage.back.response.destroyed) lane.destroy()
        else this.useLane(passage, lane)
      },
      (error) => this.fail(passage, error),
    )
  }

  private useLane(passage: Passage, lane: Lane, answered?: Buffer): void {
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
    exchange.start(lane, { method: request.method ?? 'GET', path: target.path, headers }, answered)
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
