import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { type Failure, toFailure } from '../../shared/errors/app-error.ts'

/** Longer than a tunnel needs to deliver the head of a request. */
const HEAD_TIMEOUT_MS = 10_000

/**
 * Answers a connection that cannot be passed on: an HTTP client that gets a reason is worth more than one that
 * gets a reset. What the client sends is read and thrown away, so that it listens at all.
 */
export function refuseInWords(connection: Duplex, error: unknown): void {
  const failure = toFailure(error)
  const timer = setTimeout(() => connection.destroy(), HEAD_TIMEOUT_MS)
  connection.once('close', () => clearTimeout(timer))
  connection.on('error', () => undefined)
  let answered = false
  connection.on('data', () => {
    if (answered) return
    answered = true
    connection.end(refusalText(failure, 503))
  })
  connection.once('end', () => {
    if (!answered) connection.destroy()
  })
  connection.resume()
}

/** OpenAI-shaped, because that is what the clients behind the tunnel can read. */
export function refusalText(failure: Failure, status: 400 | 503): string {
  const { code, message, recovery, remedy } = failure
  const body = `${JSON.stringify({ error: { message: `${message} ${remedy}`, type: 'bridge_error', code }, bridge: { code, message, recovery, remedy } })}\n`
  return [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...(failure.recovery === 'automatic' ? ['Retry-After: 2'] : []),
    'Connection: close',
    '',
    body,
  ].join('\r\n')
}
