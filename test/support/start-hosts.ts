import { once } from 'node:events'
import { createServer as createWebServer, type RequestListener } from 'node:http'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { onTestFinished } from 'vitest'

/** A server on loopback that keeps half-close and ends with the test. */
export async function startHost(welcome: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined).once('close', () => sockets.delete(socket))
    welcome(socket)
  })
  server.listen({ host: '127.0.0.1', port: 0, backlog: 2048 })
  await once(server, 'listening')
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

export function startEcho(): Promise<number> {
  return startHost((socket) => void socket.pipe(socket))
}

/** A web server on loopback that ends with the test. @returns its port. */
export async function startWeb(listener: RequestListener): Promise<number> {
  const server = createWebServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

export async function readToEnd(stream: Duplex): Promise<Buffer> {
  const pieces: Buffer[] = []
  stream.on('data', (piece: Buffer) => pieces.push(piece))
  if (!stream.readableEnded) await once(stream, 'end')
  return Buffer.concat(pieces)
}
