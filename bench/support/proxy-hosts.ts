/** What the proxies lead to: 1 KiB by HTTP, and a pump of bytes; prints `{http, pump}`. */
import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { createServer, type Socket } from 'node:net'

const BODY = Buffer.alloc(1024, 'x')
const BLOCK = Buffer.alloc(256 * 1024, 'x')

const http = createHttpServer((_request, response) => {
  response.writeHead(200, { 'content-type': 'text/plain', 'content-length': BODY.length })
  response.end(BODY)
})
http.keepAliveTimeout = 60_000

/** The client says in a line how many bytes it wants. */
function pumpTo(socket: Socket): void {
  socket.on('error', () => undefined)
  socket.once('data', (line: Buffer) => {
    let left = Number(line)
    const more = (): void => {
      while (left > 0 && !socket.destroyed) {
        const block = left < BLOCK.length ? BLOCK.subarray(0, left) : BLOCK
        left -= block.length
        if (!socket.write(block)) return
      }
      if (!socket.writableEnded) socket.end()
    }
    socket.on('drain', more)
    more()
  })
}

const pump = createServer({ noDelay: true }, pumpTo)
const portOf = (server: { address(): unknown }): number => (server.address() as { port: number }).port
http.listen(0, '127.0.0.1')
pump.listen(0, '127.0.0.1')
await Promise.all([once(http, 'listening'), once(pump, 'listening')])
console.log(JSON.stringify({ http: portOf(http), pump: portOf(pump) }))
