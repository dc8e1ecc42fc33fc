import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createHttpsServer, type Server as HttpsServer } from 'node:https'
import type { Duplex } from 'node:stream'
import type { TlsOptions } from 'node:tls'
import { refuseUnreadable } from './unreadable.ts'

/** Time for a client to send its request head; slower ones are an attack. */
const HEAD_TIMEOUT_MS = 30_000
/** Time for the whole request: 32 MiB over a slow link. */
const REQUEST_TIMEOUT_MS = 300_000
const KEEP_ALIVE_MS = 75_000
const CHECK_MS = 5000
const HEAD_MAX_BYTES = 32_768

export interface HttpPatience {
  readonly headMs?: number
  /** How often the time is looked at. */
  readonly checkMs?: number
}

export type Handle = (request: IncomingMessage, response: ServerResponse) => void

/** A Node HTTP server without the defaults that hurt a proxy. */
export function createHttpServer(handle: Handle, patience: HttpPatience = {}): Server {
  return withManners(createServer(optionsFor(patience)), handle)
}

/** The same behind TLS. */
export function createTlsServer(handle: Handle, tls: TlsOptions): HttpsServer {
  // Without it the TLS connection would end as soon as the client's side does.
  return withManners(createHttpsServer({ ...optionsFor({}), ...tls, allowHalfOpen: true }), handle)
}

function optionsFor({ headMs = HEAD_TIMEOUT_MS, checkMs = CHECK_MS }: HttpPatience) {
  return {
    headersTimeout: headMs,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionsCheckingInterval: checkMs,
    keepAliveTimeout: KEEP_ALIVE_MS,
    maxHeaderSize: HEAD_MAX_BYTES,
    insecureHTTPParser: false,
    // Node would refuse it without a word; malformation() has one.
    requireHostHeader: false,
    noDelay: true,
  }
}

function withManners<S extends Server>(server: S, handle: Handle): S {
  const latest = new WeakMap<Duplex, ServerResponse>()
  const remember: Handle = (request, response) => {
    latest.set(request.socket, response)
    handle(request, response)
  }
  // Node drops headers beyond about a thousand without a word, an Authorization header among them.
  server.maxHeadersCount = 0
  // A client that has said everything and ends its side still wants its answer. Node has the switch but no page for
  // it: https://github.com/nodejs/node/blob/v24.x/lib/_http_server.js ("httpAllowHalfOpen").
  Object.assign(server, { httpAllowHalfOpen: true })
  server.on('request', remember)
  // The body reader sends "100 Continue" when it is sure that it wants the body.
  server.on('checkContinue', remember)
  server.on('clientError', (error, socket) => refuseUnreadable(error, socket, latest.get(socket)))
  // An upgrade that nobody takes is an ordinary request.
  server.on('connect', (_request, socket: Duplex) => {
    socket.end('HTTP/1.1 405 Method Not Allowed\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
  })
  return server
}

/** What Node's parser lets through although RFC 9112 does not. @returns what is wrong. */
export function malformation(request: IncomingMessage): string | undefined {
  let hosts = 0
  for (let index = 0; index < request.rawHeaders.length; index += 2)
    if (request.rawHeaders[index]?.toLowerCase() === 'host') hosts++
  if (hosts > 1) return 'It has more than one Host header.'
  // https://www.rfc-editor.org/rfc/rfc9112#section-3.2
  if (hosts === 0 && request.httpVersion === '1.1') return 'It has no Host header.'
  // https://www.rfc-editor.org/rfc/rfc9112#section-6.1
  if (request.httpVersion === '1.0' && request.headers['transfer-encoding'] !== undefined)
    return 'It has Transfer-Encoding in HTTP/1.0.'
  return undefined
}
