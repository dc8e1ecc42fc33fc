import {
  constants,
  type IncomingHttpHeaders,
  performServerHandshake,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2'
import type { TLSSocket } from 'node:tls'
import { splice } from '../node/splice.ts'
import { resetStream } from '../node/tunnel/h2-byte-stream.ts'
import { startKeepalive } from '../node/tunnel/keepalive.ts'
import { UnreadBudget } from '../node/tunnel/unread-budget.ts'
import { AppError, toAppError } from '../shared/errors/app-error.ts'
import { refusalAnswer, toRefusalCode } from '../shared/protocol/tunnel/refusal.ts'
import { H2, SERVER_NAME, UNREAD } from '../shared/protocol/tunnel/wire.ts'
import { agentStream, type H2Context } from './agent-stream.ts'
import { parseAuthority } from './authority.ts'
import { openWebSocket } from './h2-websocket.ts'
import type { AgentConnection, ServeContext } from './serve-context.ts'

/** How long a refused agent has to read why. */
const LAST_WORD_MS = 1_000

/** Serves HTTP/2 on a socket whose certificate was checked: CONNECT (RFC 9113 §8.5) and WebSockets (RFC 8441). */
export function serveH2(socket: TLSSocket, context: ServeContext): AgentConnection {
  const session = performServerHandshake(socket, {
    settings: {
      enableConnectProtocol: true,
      initialWindowSize: H2.serverStreamWindow,
      maxConcurrentStreams: context.maxStreams,
      maxHeaderListSize: H2.maxHeaderListSize,
    },
    maxSessionMemory: H2.sessionMemory,
  })
  session.setLocalWindowSize(H2.serverConnectionWindow)
  session.on('error', (error) =>
    context.log.debug({ agent: context.agent, reason: error.message }, 'h2 error'),
  )
  const shared = { ...context, unread: new UnreadBudget(UNREAD.server) }
  session.on('stream', (stream, headers) => void serveStream(stream, headers, shared))
  const endKeepalive = watch(session, socket, context)
  const ended = new Promise<void>((resolve) => {
    session.once('close', () => {
      endKeepalive()
      resolve()
    })
  })
  return {
    ended,
    drain: () => {
      if (!session.closed && !session.destroyed) session.close()
    },
    destroy: (refusal) => {
      if (session.destroyed) return
      if (refusal === undefined) {
        session.destroy(undefined, constants.NGHTTP2_CANCEL)
        return
      }
      const words = Buffer.from(`${refusal.code}: ${refusal.message}`)
      session.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM, 0, words)
      session.close()
      setTimeout(() => session.destroy(), LAST_WORD_MS).unref()
    },
  }
}

function watch(session: ServerHttp2Session, socket: TLSSocket, context: ServeContext): () => void {
  return startKeepalive(
    {
      bytesReceived: () => socket.bytesRead,
      bytesSent: () => socket.bytesWritten,
      ping: (onRoundTrip) => {
        if (!session.destroyed) session.ping((error) => error === null && onRoundTrip())
      },
      dead: (silentMs) => {
        context.log.info({ agent: context.agent, silentMs }, 'an agent vanished')
        session.destroy()
      },
    },
    context.keepalive,
  )
}

async function serveStream(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  context: H2Context,
): Promise<void> {
  const abort = new AbortController()
  stream.on('error', () => abort.abort())
  stream.once('close', () => abort.abort())
  const streamClosed = context.meters.streamOpened()
  stream.once('close', streamClosed)
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
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  context: H2Context,
  signal: AbortSignal,
): Promise<void> {
  const { dial, meters } = context
  const target = parseAuthority(headers[':authority'] ?? '')
  if (target === undefined) throw new AppError('tunnel.protocol', 'CONNECT needs host:port.')
  const far = await dial(target, signal)
  if (stream.destroyed || stream.closed) {
    far.on('error', () => undefined)
    far.destroy()
    return
  }
  stream.respond({ ':status': 200 })
  await splice(agentStream(stream, context), far, meters.spliceCounters())
}

function refuse(stream: ServerHttp2Stream, error: unknown, { log, meters, agent }: ServeContext): void {
  const { code, message } = toAppError(error)
  if (code === 'internal.bug') log.error({ err: error, agent }, 'a stream failed')
  meters.streamsRefused += 1
  if (stream.destroyed || stream.closed || stream.headersSent) {
    if (!stream.closed && !stream.destroyed) resetStream(stream)
    return
  }
  const { status, proxyStatus } = refusalAnswer(SERVER_NAME, { code: toRefusalCode(code), message })
  stream.respond({ ':status': status, 'proxy-status': proxyStatus }, { endStream: true })
  // The agent may go on sending; nobody reads it.
  stream.close(constants.NGHTTP2_NO_ERROR)
}
