import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A request as it arrived at a stand-in. */
export interface RecordedRequest {
  readonly method: string
  /** Path with query, exactly as sent. */
  readonly target: string
  /** Path without query. */
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly rawHeaders: readonly string[]
  readonly body: Buffer
  /** Parsed body; `undefined` when it is no JSON object. */
  readonly json: Readonly<Record<string, unknown>> | undefined
  /** Milliseconds of `performance.now()` when the peer went away before the reply was complete. */
  abandonedAt: number | undefined
  /** Bytes that the system has taken of the reply and of earlier ones on its connection. */
  bytesSent(): number
}

export interface StandIn {
  readonly url: string
  readonly requests: RecordedRequest[]
  /** Connections that are open right now. */
  openConnections(): number
  close(): Promise<void>
}

export type StandInHandler = (request: RecordedRequest, response: ServerResponse) => Promise<void> | void

/** A plain HTTP server on a free loopback port that remembers what it was asked. */
export async function startStandIn(handle: StandInHandler, keepRequests = true): Promise<StandIn> {
  const requests: RecordedRequest[] = []
  const server = createServer({ keepAliveTimeout: 60_000 }, (incoming, response) => {
    void readRequest(incoming).then(
      async (request) => {
        if (keepRequests) requests.push(request)
        response.on('close', () => {
          if (!response.writableEnded) request.abandonedAt = performance.now()
        })
        await handle(request, response)
      },
      () => response.destroy(),
    )
  })
  server.maxHeadersCount = 0
  let connections = 0
  server.on('connection', (socket) => {
    connections++
    socket.on('close', () => connections--)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    openConnections: () => connections,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function readRequest(incoming: IncomingMessage): Promise<RecordedRequest> {
  const pieces: Buffer[] = []
  for await (const piece of incoming) pieces.push(piece as Buffer)
  const body = Buffer.concat(pieces)
  const target = incoming.url ?? '/'
  return {
    method: incoming.method ?? 'GET',
    target,
    path: target.split('?', 1)[0] ?? '/',
    headers: incoming.headers,
    rawHeaders: incoming.rawHeaders,
    body,
    json: parseObject(body),
    abandonedAt: undefined,
    bytesSent: () => incoming.socket.bytesWritten - incoming.socket.writableLength,
  }
}

function parseObject(body: Buffer): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(body.toString())
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined
  } catch {
    return undefined
  }
}

export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(JSON.stringify(body))
}
