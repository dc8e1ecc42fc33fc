import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { WebSocket } from 'ws'

export const API_PATH = '/api'
/** A POST with the token here is answered with a new one-time link to the dashboard, or null. */
export const LINK_PATH = '/dashboard-link'
/** The WebSocket subprotocol; a change that old faces cannot follow gets a new number. */
export const SUBPROTOCOL = 'sovereign.v1'
/** Browsers can set no header on a WebSocket, so they offer the token as a second protocol, never chosen. */
const TOKEN_PROTOCOL = 'token.'

export function isTokenRight(headers: IncomingHttpHeaders, token: string): boolean {
  const given = tokenIn(headers)
  // Digests of equal length, so that the time tells nothing about the token.
  return given !== undefined && timingSafeEqual(digest(given), digest(token))
}

function tokenIn(headers: IncomingHttpHeaders): string | undefined {
  const bearer = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1]
  return (
    bearer ??
    offeredProtocols(headers)
      .find((name) => name.startsWith(TOKEN_PROTOCOL))
      ?.slice(6)
  )
}

export function offeredProtocols(headers: IncomingHttpHeaders): string[] {
  return (headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim())
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

/**
 * Ends the socket when the other side stops answering pings: a suspended process keeps its connections open.
 *
 * Ends by itself when the socket closes.
 */
export function keepAlive(socket: WebSocket, intervalMs: number): void {
  let isAnswered = true
  const timer = setInterval(() => {
    if (!isAnswered) return socket.terminate()
    isAnswered = false
    socket.ping()
  }, intervalMs)
  timer.unref()
  socket.on('pong', () => {
    isAnswered = true
  })
  socket.on('close', () => clearInterval(timer))
}
