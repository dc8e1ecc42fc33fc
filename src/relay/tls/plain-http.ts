import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { sayAndClose } from '../server/last-words.ts'

/** First byte of a TLS handshake (RFC 8446 §5.1). */
const HANDSHAKE = 0x16
const ANSWER =
  'This port speaks HTTPS, and plain HTTP arrived. Use the same address with https:// in front.\n'

/**
 * Looks at the first byte of every connection of a TLS server, so that a client which forgot the "s" of https is
 * told so and does not just see its connection reset.
 */
export function answerPlainHttp(server: Server, firstByteMs: number): void {
  const takers = server.listeners('connection')
  server.removeAllListeners('connection')
  server.on('connection', (socket: Socket) => {
    const silent = setTimeout(() => socket.destroy(), firstByteMs)
    const ignore = (): void => undefined
    socket.on('error', ignore)
    socket.once('close', () => clearTimeout(silent))
    socket.once('readable', () => {
      clearTimeout(silent)
      const bytes = socket.read() as Buffer | null
      if (bytes === null) {
        socket.destroy()
        return
      }
      if (bytes[0] === HANDSHAKE) {
        // TLS reads on from here, these bytes first.
        socket.unshift(bytes)
        socket.off('error', ignore)
        for (const taker of takers) Reflect.apply(taker, server, [socket])
      } else sayAndClose(socket, 400, { 'content-type': 'text/plain; charset=utf-8' }, ANSWER)
    })
  })
}
