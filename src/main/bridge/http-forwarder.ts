import {
  Agent,
  type ClientRequest,
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http'
import type { Socket } from 'node:net'
import { type Duplex, pipeline } from 'node:stream'
import { AppError, toFailure } from '../../shared/errors/app-error.ts'
import { connectedPair } from './connected-pair.ts'
import { answerHeaders, type Credential, requestHeaders } from './forwarded-headers.ts'
import { refusalText } from './refuse-in-words.ts'

export interface HttpForwarderOptions {
  /** Where the relay is; a path in it is put before every path. */
  readonly url: URL
  /** What is to be said when the way to the relay fails. */
  readonly failureOf: (error: unknown) => AppError
}

/**
 * Passes HTTP requests on to a relay whose own name has to stand in their Host header, since what is in front of it
 * may tell its sites apart by that. Each connection from a client has one of its own to the relay, and both end
 * together: what a client may expect of a connection stays what the relay makes of it.
 */
export class HttpForwarder {
  private readonly options: HttpForwarderOptions
  private readonly prefix: string
  private readonly server: Server
  private readonly ways = new Map<Duplex, Way>()
  private isDraining = false

  constructor(options: HttpForwarderOptions) {
    this.options = options
    this.prefix = options.url.pathname.replace(/\/+$/, '')
    // What is a Host header and how long a head may be is for the relay to judge.
    this.server = createServer({ requireHostHeader: false, maxHeaderSize: 65_536 })
    this.server.maxHeadersCount = 0
    // See http-server.ts of the relay.
    Object.assign(this.server, { httpAllowHalfOpen: true })
    const forward = (request: IncomingMessage, response: ServerResponse): void =>
      this.forward(request, response)
    this.server.on('request', forward).on('checkContinue', forward)
    this.server.on('connect', (_request, connection: Duplex) => connection.end(NO_PROXY))
    this.server.on('clientError', (_error, connection: Duplex) => {
      if (connection.writable && !this.isBusy(connection)) connection.end(refusalText(NOT_HTTP, 400))
      else connection.destroy()
    })
  }

  /** @returns a connection on which to speak HTTP with the relay behind the other one. */
  join(relay: Socket, credential: Credential | undefined): Duplex {
    const [near, far] = connectedPair()
    const way = new Way(relay, credential)
    this.ways.set(far, way)
    far.on('error', () => undefined)
    far.once('close', () => {
      this.ways.delete(far)
      relay.destroySoon()
      way.agent.destroy()
    })
    far.once('end', () => way.endAfterRequests())
    relay.once('close', () => {
      if (way.isIdle) far.end()
    })
    this.server.emit('connection', far)
    return near
  }

  /** Ends the connections on which no request is under way, and the others once that is so. */
  drain(): void {
    this.isDraining = true
    for (const [far, way] of this.ways) if (way.isIdle) far.end()
  }

  private isBusy(connection: Duplex): boolean {
    return this.ways.get(connection)?.isIdle === false
  }

  private forward(request: IncomingMessage, response: ServerResponse): void {
    const way = this.ways.get(request.socket)
    if (way === undefined) {
      response.destroy()
      return
    }
    const exchange = httpRequest({
      agent: way.agent,
      method: request.method ?? 'GET',
      path: `${this.prefix}${request.url ?? '/'}`,
      headers: requestHeaders(request, this.options.url.host, way.credential),
    })
    way.take(exchange, response)
    exchange.on('continue', () => response.writeContinue())
    exchange.on('response', (answer) => passBack(answer, response))
    exchange.on('error', (error) => this.fail(response, way, error))
    response.on('error', () => undefined)
    response.on('close', () => {
      if (!response.writableFinished) exchange.destroy()
      if (way.isIdle && (this.isDraining || way.relay.destroyed)) request.socket.end()
    })
    request.on('error', () => undefined)
    request.pipe(exchange)
    // "Expect: 100-continue" waits for an answer before there is a body to send.
    exchange.flushHeaders()
  }

  private fail(response: ServerResponse, way: Way, error: Error): void {
    if (response.headersSent || response.destroyed) {
      // Not without an error: a plain end would look like a whole answer.
      response.destroy(error)
      return
    }
    const failure = toFailure(this.options.failureOf(way.relay.errored ?? error))
    response.shouldKeepAlive = false
    response.socket?.end(refusalText(failure, 503))
  }
}

/** One connection to the relay and the requests that are under way on it. */
class Way {
  readonly relay: Socket
  readonly credential: Credential | undefined
  readonly agent: Agent
  private readonly answering = new Set<ServerResponse>()
  private readonly sending = new Set<ClientRequest>()
  private isEnding = false

  constructor(relay: Socket, credential: Credential | undefined) {
    this.relay = relay
    this.credential = credential
    this.agent = new OneConnectionAgent(relay)
  }

  get isIdle(): boolean {
    return this.answering.size === 0
  }

  take(exchange: ClientRequest, response: ServerResponse): void {
    this.answering.add(response)
    this.sending.add(exchange)
    exchange.once('finish', () => this.sent(exchange))
    exchange.once('close', () => this.sent(exchange))
    response.once('close', () => this.answering.delete(response))
  }

  /** The client has ended its side; so do we, towards the relay, once that has everything. */
  endAfterRequests(): void {
    this.isEnding = true
    if (this.sending.size === 0) this.relay.end()
  }

  private sent(exchange: ClientRequest): void {
    this.sending.delete(exchange)
    if (this.isEnding && this.sending.size === 0) this.relay.end()
  }
}

/** Requests wait for each other on the one connection that there is. */
class OneConnectionAgent extends Agent {
  private readonly connection: Socket

  constructor(connection: Socket) {
    super({ keepAlive: true, maxSockets: 1 })
    this.connection = connection
  }

  override createConnection(): Socket {
    return this.connection
  }
}

function passBack(answer: IncomingMessage, response: ServerResponse): void {
  response.sendDate = false
  response.writeHead(answer.statusCode ?? 502, answer.statusMessage ?? '', answerHeaders(answer))
  response.flushHeaders()
  pipeline(answer, response, (error) => {
    if (error !== undefined && error !== null) response.destroy(error)
  })
}

const NO_PROXY = 'HTTP/1.1 405 Method Not Allowed\r\nConnection: close\r\nContent-Length: 0\r\n\r\n'
const NOT_HTTP = toFailure(
  new AppError('agent.not-http', 'The bridge expects HTTP/1.1, and something else arrived.'),
)
