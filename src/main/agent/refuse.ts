import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { AppError } from '../../shared/errors/app-error.ts'
import { errorDefinition } from '../../shared/errors/codes.ts'
import { closeInStages } from './close-in-stages.ts'
import type { Opening } from './first-bytes.ts'

/** How long the other side may go on sending after it was refused. */
const REST_MS = 2_000

export function refusalOf(opening: Exclude<Opening, 'relay' | 'proxy'>): AppError {
  switch (opening) {
    case 'tls':
      return new AppError('agent.not-http', 'This port speaks plain HTTP, and TLS (https://) arrived.')
    case 'http2':
      return new AppError('agent.not-http', 'This port speaks HTTP/1.1, and HTTP/2 arrived.', {
        remedy: 'Let the program use HTTP/1.1.',
      })
    case 'garbage':
      return new AppError('agent.not-http', 'This port speaks HTTP/1.1, and something else arrived.')
  }
}

/** Answers in JSON and closes. The rest of what is being sent is read and dropped for a short while, because a
 * close with unread bytes would be a reset that wipes out the answer (RFC 9112 §9.6). */
export function refuse(socket: Socket, error: AppError): void {
  const status = errorDefinition(error.code).status ?? 500
  const { code, message, recovery, remedy } = error
  const body = `${JSON.stringify({ error: { message: `${message} ${remedy}`, type: 'invalid_request_error', param: null, code }, bridge: { code, message, recovery, remedy } })}\n`
  socket.end(
    [
      `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Refused'}`,
      'content-type: application/json',
      'cache-control: no-store',
      `x-bridge-error: ${code}`,
      `content-length: ${Buffer.byteLength(body)}`,
      'connection: close',
      '',
      body,
    ].join('\r\n'),
  )
  closeInStages(socket, REST_MS)
}
