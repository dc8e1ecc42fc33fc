import { once } from 'node:events'
import { createServer, type Server as HttpServer, request } from 'node:http'
import {
  type AddressInfo,
  connect,
  createServer as createTcpServer,
  type Server,
  type Socket,
} from 'node:net'
import { networkInterfaces } from 'node:os'

type Teardown = (close: () => Promise<void> | void) => void

/** An address of this machine by which others reach it; undefined where it has none. */
export const OWN_ADDRESS = Object.values(networkInterfaces())
  .flatMap((all = []) => all)
  .find(({ family, internal }) => family === 'IPv4' && !internal)?.address

/** Whether ::1 is there. */
export const HAS_IPV6_LOOPBACK = Object.values(networkInterfaces())
  .flatMap((all = []) => all)
  .some(({ address }) => address === '::1')

async function listening<T extends Server>(
  server: T,
  host: string,
  teardown: Teardown,
  port = 0,
): Promise<number> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  server.listen(port, host)
  await once(server, 'listening')
  teardown(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return (server.address() as AddressInfo).port
}

/** The same server at another address. @returns the port. */
export function passTo(url: string, host: string, teardown: Teardown, port = 0): Promise<number> {
  const target = Number(new URL(url).port)
  const server = createTcpServer((client) => {
    const inside = connect(target, '127.0.0.1')
    client.on('error', () => inside.destroy())
    inside.on('error', () => client.destroy())
    client.pipe(inside).pipe(client)
  })
  return listening(server, host, teardown, port)
}

/** A reverse proxy that adds an Origin of its own. @returns the port. */
export function addOrigin(url: string, teardown: Teardown): Promise<number> {
  const server: HttpServer = createServer((incoming, response) => {
    const headers = { ...incoming.headers, origin: 'https://portal.example.org' }
    const outgoing = request(new URL(incoming.url ?? '/', url), {
      method: incoming.method,
      headers,
      agent: false,
    })
    outgoing.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers)
      answer.pipe(response)
    })
    outgoing.on('error', () => response.destroy())
    incoming.pipe(outgoing)
  })
  return listening(server, '127.0.0.1', teardown)
}

/** Takes connections and does this with them. @returns the port. */
export function takeAnd(act: (socket: Socket) => void, teardown: Teardown): Promise<number> {
  const server = createTcpServer((socket) => {
    socket.on('error', () => undefined)
    act(socket)
  })
  return listening(server, '127.0.0.1', teardown)
}

/** An HTTP proxy that knows nobody here, and counts who asks it. */
export async function startForwardProxy(
  teardown: Teardown,
): Promise<{ readonly port: number; asked(): number }> {
  let asked = 0
  const server = createServer((_incoming, response) => {
    asked += 1
    response.writeHead(503, {
      server: 'squid/6.6',
      'x-squid-error': 'ERR_DNS_FAIL 0',
      'content-type': 'text/html',
    })
    response.end('<html>')
  })
  return { port: await listening(server, '127.0.0.1', teardown), asked: () => asked }
}
