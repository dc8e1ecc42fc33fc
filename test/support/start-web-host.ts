import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import { createSecureServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'
import type { Authority } from './make-certificates.ts'

/** A site with everything that a browser does: pages, events, sockets, downloads and uploads. */
export interface WebHost {
  /** HTTP/1.1, in the clear. */
  readonly plainUrl: string
  /** HTTP/2 and HTTP/1.1 over TLS. */
  readonly secureUrl: string
  readonly plainPort: number
  readonly securePort: number
  close(): Promise<void>
}

const PAGE = '<!doctype html><meta charset="utf-8"><title>A site</title><p>Here at last.</p>'

export async function startWebHost(authority: Authority): Promise<WebHost> {
  const { cert, key } = await authority.make()
  const plain = createServer(answer)
  const secure = createSecureServer(
    { allowHTTP1: true, cert: await readFile(cert), key: await readFile(key) },
    answer as never,
  )
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: true })
  sockets.on('connection', (socket) =>
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary })),
  )
  const sessions = new Set<{ destroy(): void }>()
  secure.on('session', (session) => {
    sessions.add(session)
    session.once('close', () => sessions.delete(session))
  })
  for (const server of [plain, secure])
    server.on('upgrade', (request, socket, head) =>
      sockets.handleUpgrade(request, socket, head, (opened) => sockets.emit('connection', opened, request)),
    )
  const ports: number[] = []
  for (const server of [plain, secure]) {
    await once(server.listen(0, '127.0.0.1'), 'listening')
    ports.push((server.address() as AddressInfo).port)
  }
  const [plainPort = 0, securePort = 0] = ports
  return {
    plainUrl: `http://127.0.0.1:${plainPort}`,
    secureUrl: `https://127.0.0.1:${securePort}`,
    plainPort,
    securePort,
    close: async () => {
      for (const socket of sockets.clients) socket.terminate()
      for (const session of sessions) session.destroy()
      plain.closeAllConnections()
      await Promise.all([plain, secure].map((server) => new Promise((resolve) => server.close(resolve))))
    },
  }
}

const answer: RequestListener = (request, response) => {
  const url = new URL(request.url ?? '/', 'http://host')
  switch (url.pathname) {
    case '/events':
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
      for (const word of ['one', 'two', 'three']) response.write(`data: ${word}\n\n`)
      // It stays open, as events do: they have to come through before there is an end.
      return
    case '/bytes':
      response.writeHead(200, { 'content-type': 'application/octet-stream' })
      response.end(bytesOf(Number(url.searchParams.get('n'))))
      return
    case '/upload': {
      const hash = createHash('sha256')
      request.on('data', (chunk: Buffer) => hash.update(chunk))
      request.on('end', () => response.end(hash.digest('hex')))
      return
    }
    default:
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' })
      response.end(PAGE)
  }
}

/** The same for the same length. */
export function bytesOf(length: number): Buffer {
  return Buffer.alloc(length, createHash('sha256').update(String(length)).digest())
}
