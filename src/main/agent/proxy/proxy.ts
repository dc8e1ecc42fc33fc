import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { resetSocket } from '../../../node/reset-socket.ts'
import { Gate } from './gate.ts'
import { HttpExchanges } from './http-exchanges.ts'
import { limitRest } from './limit-rest.ts'
import { answerByItself } from './own-answer.ts'
import { PlainClients } from './plain/clients.ts'
import { readPlainConnect } from './plain/request.ts'
import { PROXY_LIMITS, type ProxyLimits, type ProxyOptions } from './proxy-options.ts'
import { Tunnels } from './tunnels.ts'
import { Unreadable } from './unreadable.ts'
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
  private readonly unreadable: Unreadable
  private isClosing = false

  constructor(options: ProxyOptions, limits: ProxyLimits) {
    const gate = new Gate(options)
    this.limits = limits
    this.unreadable = new Unreadable(limits.restMs)
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
      this.unreadable.refuse(error, socket as Socket)
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
    this.unreadable.follow(request, response)
    response.once('close', () => {
      if (this.isClosing) request.socket.destroySoon()
    })
    limitRest(request, response, this.limits.restMs)
  }

  /** Not from a request that waits for its answer, which would come in the middle of what follows. */
  private takeOver(socket: Socket, take: (socket: Socket) => Promise<void>): void {
    if (this.unreadable.isAnswering(socket)) resetSocket(socket)
    else void take(socket)
  }
}

/** To another protocol: Node drops what comes right behind such a request, also where it is answered as any other. */
function mayHaveChanged({ headers }: IncomingMessage): boolean {
  return headers.upgrade !== undefined && /\bupgrade\b/i.test(headers.connection ?? '')
}
