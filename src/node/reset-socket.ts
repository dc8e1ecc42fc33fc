import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/**
 * Lets a TCP socket that is destroyed before its own end reset the other side. A plain close looks there like the
 * proper end of what was being said.
 */
export function resetWhenDestroyed(socket: Socket): Socket {
  const destroy = socket._destroy.bind(socket)
  socket._destroy = (error, callback) => {
    // It is being destroyed already, so that this only says how.
    if (mayReset(socket)) socket.resetAndDestroy()
    destroy(error, callback)
  }
  return socket
}

/** libuv refuses to reset a connection while its FIN is being sent, and Node never closes one that was refused. */
export function mayReset(socket: Socket): boolean {
  return !socket.writableEnded || socket.writableLength > 0
}

/** Closes a connection so that the other side does not take it for the proper end of what was being said. Idempotent. */
export function resetSocket(socket: Socket, error?: Error): void {
  if (socket.destroyed) return
  if (mayReset(socket)) socket.resetAndDestroy()
  else socket.destroy(error)
}

/** {@link resetSocket} for a socket; any other stream is destroyed. Idempotent. */
export function cutStream(stream: Duplex, error?: Error): void {
  if (stream instanceof Socket) resetSocket(stream, error)
  else stream.destroy(error)
}
