import type { IncomingMessage, ServerResponse } from 'node:http'
import { closeInStages, isClosingInStages } from '../close-in-stages.ts'

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
