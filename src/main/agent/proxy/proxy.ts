import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { resetSocket } from '../../../node/reset-socket.ts'
import { AppError } from '../../../shared/errors/app-error.ts'
import { closeInStages, isClosingInStages, limitRest } from './close-in-stages.ts'
import { sendError } from './error-answer.ts'
import { Gate } from './gate.ts'
import { HttpExchanges } from './http-exchanges.ts'
import { answerByItself } from './own-answer.ts'
import { PlainClients } from './plain/clients.ts'
import { readPlainConnect } from './plain/request.ts'
import { PROXY_LIMITS, type ProxyLimits, type ProxyOptions } from './proxy-options.ts'
import { refuseRaw } from './refuse-raw.ts'
import { Tunnels } from './tunnels.ts'
import { Upgrades } from './upgrades.ts'

export type { ProxyLimits, ProxyOptions } from './proxy-options.ts'

/** Speaks the proxy side of HTTP/1.1 on connections that somebody else accepts and owns. */
export interface Proxy {
  /** Takes a paused connection. @param bytes what it has sent so far; the rest is still to be read. */
  handle(socket: Socket, bytes: Buffer): void
  /** Ends idle connections; every other one ends with what is under way on it. Idempotent. */
  close(): void
}

/** Between requests; longer than programs keep connections, so that they rarely meet a closing one. */
const KEEP_ALIVE_MS = 75_000

export function createProxy(options: ProxyOptions): Proxy {
  return new HttpProxy(options, { ...PROXY_LIMITS, ...options.limits })
}

class HttpProxy implements Proxy {
  private readonly server: Server
  private readonly limits: ProxyLimits
  private readonly exchanges: HttpExchanges
  private readonly tunnels: Tunnels
  private readonly plain: PlainClients
  private readonly latest = new WeakMap<Duplex, ServerResponse>()
  /** Those that Node has given up. */
  private readonly unreadable = new WeakSet<Socket>()
  private isClosing = false

  constructor(options: ProxyOptions, limits: ProxyLimits) {
    const gate = new Gate(options)
    this.limits = limits
    this.exchanges = new HttpExchanges(options, limits, gate)
    this.tunnels = new Tunnels(options, limits, gate)
    this.plain = new PlainClients({
      exchanges: this.exchanges,
      pseudonym: gate.pseudonym,
      limits,
      keepAliveMs: KEEP_ALIVE_MS,
      checkMs: limits.checkMs,
      monotonicMs: () => options.ambient.monotonicMs(),
      onLeave: (socket) => this.readOn(socket),
    })
    const upgrades = new Upgrades(options, limits, gate)
    this.server = createServer({
      headersTimeout: limits.headMs,
      // An upload takes as long as it takes.
      requestTimeout: 0,
      connectionsCheckingInterval: limits.checkMs,
      keepAliveTimeout: KEEP_ALIVE_MS,
      maxHeaderSize: limits.headMaxBytes,
      insecureHTTPParser: false,
      // Node would refuse it without a word.
      requireHostHeader: false,
      noDelay: true,
      shouldUpgradeCallback: (request) => upgrades.wants(request),
    })
    this.server.timeout = limits.silenceMs
    // Node drops headers beyond about a thousand without a word, an Authorization header among them.
    this.server.maxHeadersCount = 0
    // See http-server.ts of the relay.
    Object.assign(this.server, { httpAllowHalfOpen: true })
    const forward = (request: IncomingMessage, response: ServerResponse): void =>
      this.forward(request, response)
    this.server.on('request', forward).on('checkContinue', forward)
    this.server.on('checkExpectation', (request, response) => {
      this.begin(request, response)
      // As Node would, but not for ever where the body is still to come (RFC 9110 §10.1.1).
      answerByItself(request, response, () => response.writeHead(417, { 'Content-Length': 0 }).end())
    })
    this.server.on('connect', (request, socket: Duplex, head) => {
      this.takeOver(socket as Socket, (client) => this.tunnels.open(request, client, head))
    })
    this.server.on('upgrade', (request, socket: Duplex, head) => {
      this.takeOver(socket as Socket, (client) => upgrades.open(request, client, head))
    })
    this.server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
      this.refuseUnreadable(error, socket as Socket)
    })
    // It never listens by itself, and only this starts the look for heads that do not come to an end
    // (https://github.com/nodejs/node/blob/v24.x/lib/_http_server.js, setupConnectionsTracking).
    this.server.emit('listening')
  }

  handle(socket: Socket, bytes: Buffer): void {
    const connect = this.isClosing ? undefined : readPlainConnect(bytes)
    if (connect !== undefined) void this.tunnels.open(connect.request, socket, connect.head)
    else if (this.isClosing || !this.plain.take(socket, bytes)) {
      socket.unshift(bytes)
      this.readOn(socket)
    }
  }

  close(): void {
    if (this.isClosing) return
    this.isClosing = true
    // What it complains of is that it never listened.
    this.server.close(() => undefined)
    this.plain.close()
    this.exchanges.close()
  }

  /** With Node's server. */
  private readOn(socket: Socket): void {
    // Said all it had to say: it may be waiting for an answer, or be gone. A tunnel sets a time of its own.
    socket.once('end', () => socket.setTimeout(this.limits.patienceMs))
    this.server.emit('connection', socket)
    // Whoever looked at its first bytes has paused it.
    socket.resume()
  }

  private forward(request: IncomingMessage, response: ServerResponse): void {
    this.begin(request, response)
    this.exchanges.forward(request, response)
  }

  /** Sees to what becomes of the connection when the response is there. */
  private begin(request: IncomingMessage, response: ServerResponse): void {
    if (this.isClosing || mayHaveChanged(request)) response.shouldKeepAlive = false
    this.latest.set(request.socket, response)
    response.once('close', () => {
      if (this.isClosing) request.socket.destroySoon()
    })
    limitRest(request, response, this.limits.restMs)
  }

  /** Not from a request that waits for its answer, which would come in the middle of what follows. */
  private takeOver(socket: Socket, take: (socket: Socket) => Promise<void>): void {
    if (this.isAnswering(socket)) resetSocket(socket)
    else void take(socket)
  }

  private isAnswering(socket: Socket): boolean {
    return this.latest.get(socket)?.writableFinished === false
  }

  private refuseUnreadable(error: NodeJS.ErrnoException, socket: Socket): void {
    // What comes after it is as unreadable, and is told of as often.
    if (this.unreadable.has(socket) || isClosingInStages(socket)) return
    this.unreadable.add(socket)
    const { restMs } = this.limits
    const latest = this.latest.get(socket)
    if (!socket.writable || error.code === 'ECONNRESET') socket.destroy()
    else if (latest?.req.complete === false) this.refuseRest(latest, socket, unreadable(error))
    // A client that reads the answer to its last request would take this for a part of it.
    else if (this.isAnswering(socket)) socket.destroy()
    else refuseRaw(socket, unreadable(error), restMs)
  }

  /** Of a request that is passed on already; it has no more than one answer. */
  private refuseRest(response: ServerResponse, socket: Socket, error: AppError): void {
    if (response.writableFinished) closeInStages(socket, this.limits.restMs)
    else if (response.headersSent || response.socket !== socket) socket.destroy()
    else sendError(response.req, response, error)
  }
}

/** To another protocol: Node drops what comes right behind such a request, also where it is answered as any other. */
function mayHaveChanged({ headers }: IncomingMessage): boolean {
  return headers.upgrade !== undefined && /\bupgrade\b/i.test(headers.connection ?? '')
}

function unreadable(error: NodeJS.ErrnoException): AppError {
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return new AppError('agent.head-timeout', 'The request did not arrive in time.')
  if (error.code === 'HPE_HEADER_OVERFLOW')
    return new AppError('proxy.head-too-large', 'The headers of the request are larger than 64 KiB.')
  return new AppError('proxy.bad-request', `The request is not correct HTTP (${error.code ?? 'unreadable'}).`)
}
