import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import { guardRequest } from '../../node/http-guard.ts'
import type { Logger } from '../../node/log.ts'
import { VERSION } from '../../node/version.ts'
import type { BridgeApi } from '../../shared/bridge-api/calls.ts'
import { serveApi } from '../../shared/bridge-api/serve-api.ts'
import { AppError, toFailure } from '../../shared/errors/app-error.ts'
import { errorDefinition } from '../../shared/errors/codes.ts'
import { isBridgeAlive } from './api-client.ts'
import { API_PATH, isTokenRight, keepAlive, LINK_PATH, SUBPROTOCOL } from './api-protocol.ts'
import { type DashboardOptions, serveDashboard } from './dashboard-pages.ts'
import { type BridgeInfo, claimInfoFile, infoFilePath } from './info-file.ts'
import { preparePrivateDir } from './runtime-dir.ts'
import { webSocketPort } from './web-socket-port.ts'

export interface ApiServerOptions {
  readonly api: BridgeApi
  /** A loopback address; 127.0.0.1 by default. */
  readonly host?: string
  /** 0, the default, takes a free one. */
  readonly port?: number
  /** A new one of 256 bits by default. */
  readonly token?: string
  /** Holds the info file; see bridgeRuntimeDir. One bridge per folder. */
  readonly runtimeDir: string
  readonly log: Logger
  /** What browsers get to see; without it there is only the WebSocket. */
  readonly dashboard?: DashboardOptions
  readonly maxClients?: number
  readonly pingIntervalMs?: number
}

export interface ApiServer {
  readonly url: string
  readonly token: string
  readonly infoFile: string
  /** A new link that lets one browser of this machine in; undefined when no dashboard is served. */
  makeDashboardLink(): string | undefined
  /** Ends every connection and takes the info file away; may be called again. */
  close(): Promise<void>
}

const MAX_CLIENTS = 32
const PING_INTERVAL_MS = 15_000
const MAX_MESSAGE_BYTES = 1024 * 1024
const SOCKETS_PER_CLIENT = 2

/**
 * Serves the bridge API to faces on this machine, over a WebSocket on loopback, and leaves an info file from
 * which they learn its address and token.
 *
 * @throws AppError `bridge.already-running`, `bridge.info-unusable`, `port.taken` or `port.forbidden`.
 */
export async function startApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const { runtimeDir, host = '127.0.0.1', port = 0 } = options
  const token = options.token ?? `sbb_${randomBytes(32).toString('base64url')}`
  await preparePrivateDir(runtimeDir)
  const http = createServer({ headersTimeout: 5000, requestTimeout: 10_000 })
  const sockets = acceptFaces(http, token, options)
  await listen(http, host, port)
  const url = `ws://${host.includes(':') ? `[${host}]` : host}:${(http.address() as AddressInfo).port}${API_PATH}`
  const infoFile = infoFilePath(runtimeDir)
  const info: BridgeInfo = { url, token, pid: process.pid, version: VERSION }
  try {
    const release = await claimInfoFile(infoFile, info, isBridgeAlive)
    let closing: Promise<void> | undefined
    const close = async (): Promise<void> => {
      await release()
      await closeServer(http, sockets)
    }
    const makeDashboardLink = (): string | undefined => dashboardLink(options.dashboard, url)
    return { url, token, infoFile, makeDashboardLink, close: () => (closing ??= close()) }
  } catch (error) {
    await closeServer(http, sockets)
    throw error
  }
}

function acceptFaces(http: Server, token: string, options: ApiServerOptions): WebSocketServer {
  const { api, log, maxClients = MAX_CLIENTS, pingIntervalMs = PING_INTERVAL_MS } = options
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    perMessageDeflate: false,
    // Never the protocol that carries the token.
    handleProtocols: (offered) => (offered.has(SUBPROTOCOL) ? SUBPROTOCOL : false),
  })
  http.maxConnections = maxClients * SOCKETS_PER_CLIENT
  http.on('request', (request, response) => {
    const isOwn = guardRequest(request.headers) === 'ok'
    if (isOwn && options.dashboard !== undefined && serveDashboard(options.dashboard, request, response))
      return
    if (isOwn && isLinkWish(request, token)) return sendLink(options.dashboard, request, response)
    const [status, body] = refusalBody(
      refusalOf(request, token, options.dashboard) ?? notFound('Speak WebSocket here.'),
    )
    response.writeHead(status, { ...REFUSAL_HEADERS }).end(body)
  })
  http.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy())
    const isFull = sockets.clients.size >= maxClients
    const refusal =
      refusalOf(request, token, options.dashboard) ??
      (isFull ? new AppError('api.busy', `${maxClients} faces are attached already.`) : undefined)
    if (refusal !== undefined) return refuse(socket, refusal)
    sockets.handleUpgrade(request, socket, head, (face) => {
      keepAlive(face, pingIntervalMs)
      const onBug = (err: unknown, call: string): void => log.error({ err, call }, 'a call of a face failed')
      serveApi(api, webSocketPort(face), { onBug })
    })
  })
  return sockets
}

function isLinkWish({ method, url, headers }: IncomingMessage, token: string): boolean {
  return method === 'POST' && url === LINK_PATH && isTokenRight(headers, token)
}

function sendLink(
  dashboard: DashboardOptions | undefined,
  { socket }: IncomingMessage,
  response: ServerResponse,
): void {
  const address = socket.localAddress ?? '127.0.0.1'
  const origin = `http://${address.includes(':') ? `[${address}]` : address}:${socket.localPort}`
  const url = dashboardLink(dashboard, origin) ?? null
  response.writeHead(200, { ...REFUSAL_HEADERS }).end(`${JSON.stringify({ url })}\n`)
}

function dashboardLink(dashboard: DashboardOptions | undefined, base: string): string | undefined {
  if (dashboard?.files === undefined) return undefined
  return `http://${new URL(base).host}${dashboard.door.makeLink()}`
}

function refusalOf(
  request: IncomingMessage,
  token: string,
  dashboard?: DashboardOptions,
): AppError | undefined {
  const { headers, url = '', socket } = request
  if (guardRequest(headers) !== 'ok') {
    return new AppError('api.foreign-request', 'The Host or Origin of the request is not this bridge.')
  }
  if (url !== API_PATH) return notFound(`The bridge serves ${API_PATH} and nothing else.`)
  // Only a page of our own has both the cookie and our origin.
  const isOurPage =
    headers.origin !== undefined && dashboard?.door.knows(headers, socket.localPort ?? 0) === true
  if (!isOurPage && !isTokenRight(headers, token)) {
    return new AppError('api.token-wrong', 'The token is missing or not the one of this bridge.')
  }
  return undefined
}

function notFound(message: string): AppError {
  return new AppError('api.not-found', message, { remedy: `Open a WebSocket to ${API_PATH}.` })
}

const REFUSAL_HEADERS = { 'content-type': 'application/json', connection: 'close' } as const

function refusalBody(error: AppError): [status: number, body: string] {
  return [errorDefinition(error.code).status ?? 500, `${JSON.stringify({ error: toFailure(error) })}\n`]
}

function refuse(socket: Duplex, error: AppError): void {
  const [status, body] = refusalBody(error)
  const fields = { ...REFUSAL_HEADERS, 'content-length': Buffer.byteLength(body) }
  const head = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.end(`HTTP/1.1 ${status} Refused\r\n${head.join('')}\r\n${body}`, () => socket.destroy())
}

async function listen(http: Server, host: string, port: number): Promise<void> {
  if (!(isIP(host) === 4 ? host.startsWith('127.') : host === '::1')) {
    throw new AppError(
      'port.forbidden',
      `The API of the bridge stays on this machine; ${host} is no loopback address.`,
    )
  }
  await new Promise<void>((resolve, reject) => {
    http.once('error', (cause: NodeJS.ErrnoException) => {
      const isTaken = cause.code === 'EADDRINUSE'
      const message = isTaken
        ? `${host}:${port} is taken.`
        : `${host}:${port} cannot be listened on: ${cause.code}.`
      reject(new AppError(isTaken ? 'port.taken' : 'port.forbidden', message, { cause }))
    })
    http.listen(port, host, resolve)
  })
}

const GOING_AWAY = 1001
/** For the goodbye to be answered. */
const CLOSE_PATIENCE_MS = 500

async function closeServer(http: Server, sockets: WebSocketServer): Promise<void> {
  const isClosed = new Promise<void>((resolve) => {
    http.close(() => resolve())
  })
  for (const face of sockets.clients) face.close(GOING_AWAY)
  const cut = setTimeout(() => {
    for (const face of sockets.clients) face.terminate()
    http.closeAllConnections()
  }, CLOSE_PATIENCE_MS)
  await isClosed
  clearTimeout(cut)
}
