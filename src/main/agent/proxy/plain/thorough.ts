import { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { PlainRequest } from './request.ts'

/**
 * Makes of a plain request what Node's server would have made of it, for an answer that needs more than passing through.
 *
 * @param answer sends the response.
 * @param onDone when all of it is written. @param onDone.isKept whether the connection takes another request.
 */
export function answerThoroughly(
  { headers, isLast, method, rawHeaders, url }: PlainRequest,
  socket: Socket,
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  onDone: (isKept: boolean) => void,
): void {
  const request = new IncomingMessage(socket)
  Object.assign(request, { method, url, headers, rawHeaders, complete: true })
  Object.assign(request, { httpVersion: '1.1', httpVersionMajor: 1, httpVersionMinor: 1 })
  request.push(null)
  const response = new ServerResponse(request)
  if (isLast) response.shouldKeepAlive = false
  // The server does that for those that it has made.
  const onDrain = (): void => void response.emit('drain')
  socket.on('drain', onDrain)
  response.assignSocket(socket)
  response.once('finish', () => {
    socket.off('drain', onDrain)
    response.detachSocket(socket)
    onDone(response.shouldKeepAlive)
  })
  answer(request, response)
}
