import type { TLSSocket } from 'node:tls'
import { splice } from '../node/splice.ts'
import { CODE } from '../node/tunnel/h2/codes.ts'
import { H2Connection } from '../node/tunnel/h2/connection.ts'
import type { Headers } from '../node/tunnel/h2/header-fields.ts'
import { freedReads } from '../node/tunnel/h2/read-buffers.ts'
import type { H2Stream } from '../node/tunnel/h2/stream.ts'
import { startKeepalive } from '../node/tunnel/keepalive.ts'
import { UnreadBudget } from '../node/tunnel/unread-budget.ts'
import { AppError, toAppError } from '../shared/errors/app-error.ts'
import { refusalAnswer, toRefusalCode } from '../shared/protocol/tunnel/refusal.ts'
import { H2, SERVER_NAME, UNREAD } from '../shared/protocol/tunnel/wire.ts'
import { parseAuthority } from './authority.ts'
import { openWebSocket } from './h2-websocket.ts'
import type { AgentConnection, ServeContext } from './serve-context.ts'

/** Serves HTTP/2 on a socket whose certificate was checked: CONNECT (RFC 9113 §8.5) and WebSockets (RFC 8441). */
export function serveH2(socket: TLSSocket, context: ServeContext): AgentConnection {
  const { agent, log, maxStreams } = context
  const unread = new UnreadBudget(UNREAD.server)
  const { promise: ended, resolve: onEnded } = Promise.withResolvers<void>()
  const session = new H2Connection({
    socket,
    buffers: freedReads(socket),
    isServer: true,
    streamWindow: H2.serverStreamWindow,
    connectionWindow: H2.serverConnectionWindow,
    maxStreams,
    maxHeaderListSize: H2.maxHeaderListSize,
    lost: () => new AppError('tunnel.down', 'The agent is gone.'),
    onStream: (stream, headers) => {
      unread.add(stream)
      stream.growWindow(H2.serverStreamWindowMax)
      void serveStream(stream, headers, context)
    },
    onError: (error) => log.debug({ agent, reason: error.message }, 'h2 error'),
    onClosed: () => {
      endKeepalive()
      onEnded()
    },
  })
  const endKeepalive = watch(session, socket, context)
  return {
    ended,
    drain: () => session.drain(),
    destroy: (refusal) => {
      if (refusal === undefined) session.abort(CODE.cancel)
      else session.abort(CODE.enhanceYourCalm, `${refusal.code}: ${refusal.message}`)
    },
  }
}

function watch(session: H2Connection, socket: TLSSocket, context: ServeContext): () => void {
  return startKeepalive(
    {
      bytesReceived: () => socket.bytesRead,
      bytesSent: () => socket.bytesWritten,
      ping: (onRoundTrip) => {
        void session.ping().then((ms) => ms !== undefined && onRoundTrip())
      },
      dead: (silentMs) => {
        context.log.info({ agent: context.agent, silentMs }, 'an agent vanished')
        session.destroy()
      },
    },
    context.keepalive,
  )
}

async function serveStream(stream: H2Stream, headers: Headers, context: ServeContext): Promise<void> {
  const abort = new AbortController()
  const giveUp = (): void => abort.abort(new AppError('egress.unreachable', 'The agent gave it up.'))
  stream.on('error', giveUp).once('close', giveUp)
  const streamClosed = context.meters.streamOpened()
  stream.once('close', streamClosed)
  // Who resets it in the same breath (CVE-2023-44487) has not even begun a connection.
  await Promise.resolve()
  if (stream.destroyed) return
  try {
    const protocol = headers[':protocol']
    if (headers[':method'] !== 'CONNECT' || (protocol !== undefined && protocol !== 'websocket'))
      throw new AppError('tunnel.protocol', 'Only CONNECT is served here, alone or for "websocket".')
    if (protocol === 'websocket') await openWebSocket(stream, headers, context, abort.signal)
    else await connect(stream, headers, context, abort.signal)
  } catch (error) {
    refuse(stream, error, context)
  }
}

async function connect(
  stream: H2Stream,
  headers: Headers,
  context: ServeContext,
  signal: AbortSignal,
): Promise<void> {
  const { dial, meters } = context
  const target = parseAuthority(headers[':authority'] ?? '')
  if (target === undefined) throw new AppError('tunnel.protocol', 'CONNECT needs host:port.')
  const far = await dial(target, signal)
  if (stream.destroyed) {
    far.on('error', () => undefined)
    far.destroy()
    return
  }
  stream.respond(200)
  await splice(stream, far, meters.spliceCounters())
}

function refuse(stream: H2Stream, error: unknown, { log, meters, agent }: ServeContext): void {
  const { code, message } = toAppError(error)
  if (code === 'internal.bug') log.error({ err: error, agent }, 'a stream failed')
  meters.streamsRefused += 1
  if (stream.destroyed || stream.headersSent) {
    stream.destroy()
    return
  }
  const { status, proxyStatus } = refusalAnswer(SERVER_NAME, { code: toRefusalCode(code), message })
  stream.respond(status, { 'proxy-status': proxyStatus }, { endStream: true })
  // The agent may go on sending; nobody reads it.
  stream.reset(CODE.noError)
}
