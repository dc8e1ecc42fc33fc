/**
 * The server at the end of bench/chain.ts, as cheap as Node can do it, so that the path and not the server is
 * measured: every request is answered with 1 KiB, `/bulk/MIB` with that many MiB. Prints its port.
 */
import { createServer, type Socket } from 'node:net'

const SMALL = Buffer.from(`HTTP/1.1 200 OK\r\ncontent-length: 1024\r\n\r\n${'x'.repeat(1024)}`)
const BLOCK = Buffer.alloc(256 * 1024, 'x')

const server = createServer({ noDelay: true }, (socket) => {
  let pending = ''
  socket.on('error', () => undefined)
  socket.on('data', (data) => {
    pending += data.toString('latin1')
    for (let end = pending.indexOf('\r\n\r\n'); end !== -1; end = pending.indexOf('\r\n\r\n')) {
      const head = pending.slice(0, end)
      pending = pending.slice(end + 4)
      const mib = /^GET \/bulk\/(\d+)/.exec(head)?.[1]
      if (mib === undefined) socket.write(SMALL)
      else sendBulk(socket, Number(mib))
    }
  })
})

function sendBulk(socket: Socket, mib: number): void {
  let blocks = mib * 4
  socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${mib * 1024 * 1024}\r\n\r\n`)
  const send = () => {
    while (blocks > 0) {
      blocks -= 1
      if (!socket.write(BLOCK)) {
        socket.once('drain', send)
        return
      }
    }
  }
  send()
}

server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (address !== null && typeof address === 'object') console.log(address.port)
})
