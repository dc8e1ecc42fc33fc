import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'

/** Time for a client to send its request head; slower ones are an attack. */
const HEAD_TIMEOUT_MS = 30_000
/** Time for the whole request: 32 MiB over a slow link. */
const REQUEST_TIMEOUT_MS = 300_000
const KEEP_ALIVE_MS = 75_000
const HEAD_MAX_BYTES = 32_768

/** A Node HTTP server without the defaults that hurt a proxy. */
export function createHttpServer(
  handle: (request: IncomingMessage, response: ServerResponse) => void,
): Server {
  const server = createServer(
    {
      headersTimeout: HEAD_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      connectionsCheckingInterval: 5000,
      keepAliveTimeout: KEEP_ALIVE_MS,
      maxHeaderSize: HEAD_MAX_BYTES,
      insecureHTTPParser: false,
      noDelay: true,
    },
    handle,
  )
  // Node drops headers beyond about a thousand without a word, an Authorization header among them.
  server.maxHeadersCount = 0
  // The body reader sends "100 Continue" when it is sure that it wants the body.
  server.on('checkContinue', handle)
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
  // https://www.rfc-editor.org/rfc/rfc9112#section-6.1
  if (request.httpVersion === '1.0' && request.headers['transfer-encoding'] !== undefined)
    return 'It has Transfer-Encoding in HTTP/1.0.'
  return undefined
}
