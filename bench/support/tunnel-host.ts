import { createServer } from 'node:net'

/**
 * A host for bench/tunnel.ts, as its own process; prints its port. The first byte of a connection says what it does:
 * `d<bytes>` sends so many, `u` counts until the end and says how many came, `e` sends back.
 */
const BLOCK = Buffer.alloc(256 * 1024, 1)

const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
  socket.on('error', () => undefined)
  socket.once('data', (first: Buffer) => {
    const kind = String.fromCharCode(first[0] ?? 0)
    let received = first.length
    socket.on('data', (data: Buffer) => {
      received += data.length
      if (kind === 'e') socket.write(data)
    })
    if (kind === 'e') socket.write(first)
    if (kind === 'd') send(Number(first.toString('latin1', 1)))
    else socket.on('end', () => socket.end(kind === 'u' ? String(received) : ''))
  })
  function send(bytes: number): void {
    let left = bytes
    const more = (): void => {
      while (left > 0) {
        const size = Math.min(left, BLOCK.length)
        left -= size
        if (!socket.write(size === BLOCK.length ? BLOCK : BLOCK.subarray(0, size))) return
      }
      socket.off('drain', more)
      socket.end()
    }
    socket.on('drain', more)
    more()
  }
})
server.listen({ host: '127.0.0.1', port: 0, backlog: 4096 }, () => {
  console.log((server.address() as { port: number }).port)
})
