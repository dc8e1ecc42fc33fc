import type { IncomingMessage, ServerResponse } from 'node:http'
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

/**
 * Gives a client that has its whole answer a limited time for the rest of its request, after which the connection is kept.
 * One that takes longer, or whose answer was the last, has it closed in stages.
 */
export function limitRest(request: IncomingMessage, response: ServerResponse, restMs: number): void {
  // Node closes at its own "finish", which comes first, after the last answer of a connection.
  response.once('prefinish', () => {
    if (!request.complete) awaitRest(request, response, restMs)
  })
}

function awaitRest(request: IncomingMessage, response: ServerResponse, restMs: number): void {
  const { socket } = request
  const { destroySoon } = socket
  socket.destroySoon = () => {
    if (request.complete) destroySoon.call(socket)
    else closeInStages(socket, restMs)
  }
  response.once('finish', () => {
    if (isClosingInStages(socket) || request.complete) return
    const timer = setTimeout(() => closeInStages(socket, restMs), restMs)
    const clear = (): void => clearTimeout(timer)
    request.once('end', clear)
    socket.once('close', clear)
  })
}
