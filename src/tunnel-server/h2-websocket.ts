import { createHash, randomBytes } from 'node:crypto'
import { splice } from '../node/splice.ts'
import type { Headers } from '../node/tunnel/h2/header-fields.ts'
import type { H2Stream } from '../node/tunnel/h2/stream.ts'
import { AppError } from '../shared/errors/app-error.ts'
import { parseAuthority } from './authority.ts'
import { httpUpgrade } from './http-upgrade.ts'
import { overTls } from './over-tls.ts'
import type { ServeContext } from './serve-context.ts'

/** What a WebSocket handshake may carry besides; everything that concerns the connection is made anew. */
const CARRIED = new Set([
  'sec-websocket-protocol',
  'sec-websocket-extensions',
  'origin',
  'user-agent',
  'cookie',
  'authorization',
  'accept-language',
])

/** RFC 6455 §1.3. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/**
 * An extended CONNECT (RFC 8441) becomes the handshake of HTTP/1.1 towards the host; then bytes go both ways. HTTP/2
 * has no key and no accept (§5): those are ours.
 */
export async function openWebSocket(
  stream: H2Stream,
  headers: Headers,
  context: ServeContext,
  signal: AbortSignal,
): Promise<void> {
  const { dial, meters } = context
  const isSecure = headers[':scheme'] === 'https' || headers[':scheme'] === 'wss'
  const authority = headers[':authority'] ?? ''
  const target = parseAuthority(authority, isSecure ? 443 : 80)
  const path = headers[':path'] ?? ''
  if (target === undefined || !/^\/[!-~]*$/.test(path))
    throw new AppError('tunnel.protocol', 'A WebSocket needs :scheme, :authority and :path.')
  const socket = await dial(target, signal)
  const far = isSecure ? await overTls(socket, target.host, signal) : socket
  const key = randomBytes(16).toString('base64')
  const lines = Object.entries(headers).flatMap(([name, value]) =>
    CARRIED.has(name) ? [`${name}: ${value}`] : [],
  )
  const answer = await httpUpgrade(
    far,
    [
      `GET ${path} HTTP/1.1`,
      `Host: ${authority}`,
      'Connection: Upgrade',
      'Upgrade: websocket',
      `Sec-WebSocket-Key: ${key}`,
      'Sec-WebSocket-Version: 13',
      ...lines,
    ],
    signal,
  )
  const accept = createHash('sha1').update(`${key}${GUID}`).digest('base64')
  if (answer.status !== 101 || answer.headers.get('sec-websocket-accept') !== accept) {
    far.destroy()
    throw new AppError(
      'egress.bad-answer',
      `${authority} did not take the WebSocket (status ${answer.status}).`,
    )
  }
  if (stream.destroyed) {
    far.destroy()
    return
  }
  const chosen = ['sec-websocket-protocol', 'sec-websocket-extensions'].flatMap((name) => {
    const value = answer.headers.get(name)
    return value === undefined ? [] : [[name, value] as const]
  })
  stream.respond(200, Object.fromEntries(chosen))
  await splice(stream, far, meters.spliceCounters())
}
