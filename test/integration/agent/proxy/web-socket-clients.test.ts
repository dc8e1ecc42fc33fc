import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer, request as httpRequest } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { type ClientOptions, WebSocket, WebSocketServer } from 'ws'
import { startAuthority } from '../../../support/make-certificates.ts'
import { proxyWays, WAYS } from '../../../support/proxy-ways.ts'
import { waitUntil } from '../../../support/start-sshd.ts'

const startProxyBy = proxyWays()
const closers: (() => unknown)[] = []
/** Short and empty, long and easy to compress, long and impossible to compress; text, and bytes in several fragments. */
const MESSAGES = ['short', 'x'.repeat(300_000), Buffer.alloc(70_000, 7), '', randomBytes(400_000)]

let ca: string
let hosts: { readonly ws: number; readonly wss: number }

beforeAll(async () => {
  const authority = await startAuthority((close) => closers.push(close))
  const { cert, key } = await authority.make()
  ca = await authority.caText()
  hosts = {
    ws: await echo(createServer()),
    wss: await echo(createTlsServer({ cert: await readFile(cert), key: await readFile(key) })),
  }
})
afterAll(async () => {
  for (const close of closers) await close()
})

/** Sends every message back, and says first whom it has greeted. */
async function echo(server: ReturnType<typeof createServer>): Promise<number> {
  const sockets = new WebSocketServer({
    server,
    perMessageDeflate: { threshold: 0 },
    handleProtocols: (wanted) => (wanted.has('second') ? 'second' : false),
  })
  sockets.on('connection', (socket, request) => {
    socket.send(`${request.url} ${request.headers['x-mine']} ${request.headers.origin}`)
    socket.on('message', (data, binary) => socket.send(data, { binary }))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  closers.push(() => {
    for (const socket of sockets.clients) socket.terminate()
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

interface Talk {
  readonly protocol: string
  readonly extensions: string
  /** `text …` or `bytes …`, in base64. */
  readonly received: readonly string[]
  readonly code: number
  readonly reason: string
}

async function talk(url: string, options: ClientOptions = {}): Promise<Talk> {
  const socket = new WebSocket(url, ['first', 'second'], {
    ca,
    headers: { 'x-mine': 'kept' },
    origin: 'https://site.example',
    perMessageDeflate: { threshold: 0 },
    ...options,
  })
  onTestFinished(() => socket.terminate())
  const received: string[] = []
  socket.on('message', (data: Buffer, isBinary) =>
    received.push(`${isBinary ? 'bytes' : 'text'} ${data.toString('base64')}`),
  )
  await once(socket, 'open')
  let error: unknown
  socket.on('error', (failure) => {
    error = failure
  })
  const closed = once(socket, 'close') as Promise<[number, Buffer]>
  const { protocol, extensions } = socket
  for (const message of MESSAGES) socket.send(message)
  // In fragments, of which the last is empty.
  for (const [index, piece] of ['one ', 'two ', ''].entries()) socket.send(piece, { fin: index === 2 })
  await waitUntil(
    () => received.length === MESSAGES.length + 2 || socket.readyState !== socket.OPEN,
    10_000,
    2,
  )
  socket.close(4001, 'enough')
  const [code, reason] = await closed
  expect(error).toBe(undefined)
  return { protocol, extensions, received, code, reason: String(reason) }
}

/** A socket of its own through CONNECT, as the agents for proxies make it. */
async function tunnelTo(proxyPort: number, hostPort: number): Promise<Socket> {
  const path = `127.0.0.1:${hostPort}`
  const request = httpRequest({ port: proxyPort, host: '127.0.0.1', method: 'CONNECT', path, agent: false })
  request.end()
  const [answer, socket, rest] = (await once(request, 'connect')) as [{ statusCode: number }, Socket, Buffer]
  expect([answer.statusCode, rest.length]).toEqual([200, 0])
  onTestFinished(() => void socket.destroy())
  return socket
}

type Route = (proxyPort: number, hostPort: number) => Promise<ClientOptions>

const BY_URL: Route = async (proxyPort, hostPort) => ({
  createConnection: () => connect(proxyPort, '127.0.0.1'),
  // ws writes the path as it is told.
  finishRequest: (request) => {
    request.path = `ws://127.0.0.1:${hostPort}/chat?a=b`
    request.end()
  },
})
const BY_CONNECT: Route = async (proxyPort, hostPort) => {
  const socket = await tunnelTo(proxyPort, hostPort)
  return { createConnection: () => socket }
}
const BY_CONNECT_AND_TLS: Route = async (proxyPort, hostPort) => {
  const socket = await tunnelTo(proxyPort, hostPort)
  return {
    createConnection: () => connectTls({ socket, host: '127.0.0.1', ca, ALPNProtocols: ['http/1.1'] }),
  }
}

const ROUTES = [
  ['ws', 'by an absolute URL', BY_URL],
  ['ws', 'inside CONNECT', BY_CONNECT],
  ['wss', 'inside CONNECT', BY_CONNECT_AND_TLS],
] as const
const CASES = WAYS.flatMap((way) => ROUTES.map(([scheme, how, route]) => [scheme, how, way, route] as const))

test.each(CASES)(
  'ws gets the same over %s: %s by the proxy (%s) as without: messages, compression, subprotocol, closes',
  async (scheme, _how, way, route) => {
    const hostPort = hosts[scheme]
    const url = `${scheme}://127.0.0.1:${hostPort}/chat?a=b`
    const direct = await talk(url)
    const { port } = await startProxyBy(way)
    expect(await talk(url, await route(port, hostPort))).toEqual(direct)
    expect(direct).toMatchObject({ protocol: 'second', extensions: 'permessage-deflate', code: 4001 })
    const sent = [
      ...MESSAGES.map((message) =>
        typeof message === 'string'
          ? `text ${Buffer.from(message).toString('base64')}`
          : `bytes ${message.toString('base64')}`,
      ),
      `text ${Buffer.from('one two ').toString('base64')}`,
    ]
    expect(direct.received.slice(1)).toEqual(sent)
    expect(Buffer.from(direct.received[0]?.slice('text '.length) ?? '', 'base64').toString()).toBe(
      '/chat?a=b kept https://site.example',
    )
  },
)
