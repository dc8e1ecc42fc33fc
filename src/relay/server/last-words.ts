import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'

/** How long the other side may go on sending, so that it can read the answer first. */
const LINGER_MS = 2_000

/**
 * Answers on a connection that no HTTP parser has any more, and closes it. What is still being sent is read and
 * dropped for a moment: a close with unread bytes would be a reset that wipes out the answer (RFC 9112 §9.6).
 */
export function sayAndClose(
  connection: Duplex,
  status: number,
  headers: Readonly<Record<string, string>>,
  body: string,
): void {
  const all = { ...headers, 'content-length': String(Buffer.byteLength(body)), connection: 'close' }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`)
  connection.end([`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`, ...lines, '', body].join('\r\n'))
  if (connection.readableEnded) return
  const cut = setTimeout(() => connection.destroy(), LINGER_MS)
  connection.once('close', () => clearTimeout(cut))
  connection.once('end', () => connection.destroy())
  connection.resume()
}
