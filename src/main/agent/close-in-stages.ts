import type { Socket } from 'node:net'

const closing = new WeakSet<Socket>()

/** Whether it was closed by {@link closeInStages}: what is still read of it concerns nobody. */
export function isClosingInStages(socket: Socket): boolean {
  return closing.has(socket)
}

/**
 * Closes a connection whose client may be sending yet: ends our side, and reads and drops what comes until the client has
 * ended its own, for a limited time. A close with unread bytes would be a reset, which wipes the last answer out before it
 * is read (RFC 9112 §9.6). Idempotent.
 *
 * @param restMs how long the client may go on.
 */
export function closeInStages(socket: Socket, restMs: number): void {
  if (socket.destroyed || closing.has(socket)) return
  closing.add(socket)
  socket.end()
  const close = (): void => {
    if (socket.writableFinished) socket.destroy()
    else socket.once('finish', () => socket.destroy())
  }
  if (socket.readableEnded) {
    close()
    return
  }
  const timer = setTimeout(() => socket.destroy(), restMs)
  socket.once('close', () => clearTimeout(timer)).once('end', close)
  // Node's parser would take what follows for requests.
  socket.removeAllListeners('data').on('data', () => undefined)
  socket.resume()
}
