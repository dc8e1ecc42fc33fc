import type { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import { CODE } from '../../../node/tunnel/h2/codes.ts'
import { H2Connection } from '../../../node/tunnel/h2/connection.ts'
import type { Headers } from '../../../node/tunnel/h2/header-fields.ts'
import type { ReadBuffers } from '../../../node/tunnel/h2/read-buffers.ts'
import type { H2Stream } from '../../../node/tunnel/h2/stream.ts'
import { type KeepaliveTimings, startKeepalive } from '../../../node/tunnel/keepalive.ts'
import { UnreadBudget } from '../../../node/tunnel/unread-budget.ts'
import { AppError } from '../../../shared/errors/app-error.ts'
import { readRefusal } from '../../../shared/protocol/tunnel/refusal.ts'
import { H2, UNREAD } from '../../../shared/protocol/tunnel/wire.ts'
import type { EgressTarget } from '../egress.ts'
import { dialFailure } from './dial-tls.ts'
import {
  distrusted,
  GREETING_MS,
  NotProcessed,
  OPEN_MS,
  orAborted,
  placeOf,
  type TunnelSession,
} from './tunnel-session.ts'

export interface SessionOptions {
  readonly place: string
  readonly keepalive: KeepaliveTimings
}

export interface H2SessionOptions extends SessionOptions {
  /** What the socket reads into. */
  readonly buffers: ReadBuffers
}

/** @throws AppError `tunnel.*` when the server does not take us. */
export async function openH2Session(
  socket: TLSSocket,
  options: H2SessionOptions,
  signal: AbortSignal,
): Promise<TunnelSession> {
  const session = new H2Session(socket, options)
  await orAborted(session.greeted, signal, () => session.destroy())
  return session
}

/** Tunnel streams over one HTTP/2 connection. Owns the socket. */
class H2Session implements TunnelSession {
  readonly greeted: Promise<void>
  readonly retired: Promise<AppError>
  readonly ended: Promise<void>
  private readonly session: H2Connection
  private readonly unread = new UnreadBudget(UNREAD.agent)
  private readonly place: string
  private reason: AppError | undefined
  private hasGreeted = false

  constructor(socket: TLSSocket, { buffers, keepalive, place }: H2SessionOptions) {
    this.place = place
    const greeted = Promise.withResolvers<void>()
    const retired = Promise.withResolvers<AppError>()
    const ended = Promise.withResolvers<void>()
    this.greeted = greeted.promise
    this.retired = retired.promise
    this.ended = ended.promise
    greeted.promise.catch(() => undefined)
    const greeting = setTimeout(
      () => this.fail(new AppError('tunnel.down', `${place} did not answer within ${GREETING_MS / 1000} s.`)),
      GREETING_MS,
    )
    this.session = new H2Connection({
      socket,
      buffers,
      isServer: false,
      streamWindow: H2.agentStreamWindow,
      connectionWindow: H2.agentConnectionWindow,
      maxStreams: 0,
      maxHeaderListSize: H2.maxHeaderListSize,
      lost: () => this.whyClosed(),
      onSettings: () => {
        clearTimeout(greeting)
        this.hasGreeted = true
        greeted.resolve()
      },
      onGoaway: (words) => {
        this.reason ??= saidGoodbye(place, words)
        retired.resolve(this.reason)
      },
      onError: (error) => {
        this.reason ??= dialFailure(error, socket, place)
      },
      onClosed: () => {
        clearTimeout(greeting)
        endKeepalive()
        const reason = this.whyClosed()
        greeted.reject(reason)
        retired.resolve(reason)
        ended.resolve()
      },
    })
    const endKeepalive = this.watch(socket, keepalive)
  }

  get isUsable(): boolean {
    return !this.session.isClosed && this.reason === undefined
  }

  async open(target: EgressTarget, signal: AbortSignal): Promise<Duplex> {
    if (!this.isUsable) throw new NotProcessed(this.whyClosed())
    const max = Math.min(this.session.peerSettings.maxConcurrentStreams, Number.POSITIVE_INFINITY)
    if (this.session.streamCount >= max)
      throw new AppError('tunnel.full', `${this.place} serves ${max} streams at once.`)
    const stream = this.session.request({ ':method': 'CONNECT', ':authority': placeOf(target) })
    await orAborted(this.answered(stream, target), signal, () => stream.reset(CODE.cancel))
    this.unread.add(stream)
    return stream
  }

  roundTrip(): Promise<number | undefined> {
    return this.session.ping()
  }

  drain(): void {
    this.session.drain()
  }

  destroy(): void {
    this.session.destroy()
  }

  distrust(): void {
    this.fail(distrusted(this.place))
  }

  private answered(stream: H2Stream, target: EgressTarget): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(
          new AppError('egress.timeout', `${placeOf(target)} did not answer within ${OPEN_MS / 1000} s.`),
        )
        stream.reset(CODE.cancel)
      }, OPEN_MS)
      stream.once('response', (headers: Headers) => {
        clearTimeout(timer)
        const status = Number(headers[':status'])
        if (status === 200) {
          resolve()
          return
        }
        const { code, message } = readRefusal(status, headers['proxy-status'])
        reject(new AppError(code, message))
        stream.reset(CODE.cancel)
      })
      stream.once('close', () => {
        clearTimeout(timer)
        const reason = this.whyClosed()
        // It is never sent for a stream that the server has begun with.
        reject(stream.rstCode === CODE.refusedStream ? new NotProcessed(reason) : reason)
      })
    })
  }

  private watch(socket: TLSSocket, keepalive: KeepaliveTimings): () => void {
    return startKeepalive(
      {
        bytesReceived: () => socket.bytesRead,
        bytesSent: () => socket.bytesWritten,
        ping: (onRoundTrip) => void this.roundTrip().then((ms) => ms !== undefined && onRoundTrip()),
        dead: (silentMs) => {
          const seconds = Math.round(silentMs / 1000)
          this.fail(new AppError('tunnel.down', `${this.place} has not answered for ${seconds} s.`))
        },
      },
      keepalive,
    )
  }

  private fail(reason: AppError): void {
    this.reason ??= reason
    this.session.destroy()
  }

  /** Node's TLS server cuts a certificate that it does not trust without a word, right after the handshake. */
  private whyClosed(): AppError {
    const { place, reason } = this
    if (!this.hasGreeted && (reason === undefined || reason.code === 'tunnel.down'))
      return new AppError(
        'tunnel.rejected',
        `${place} closed the connection right after the handshake, as it does where it does not trust a certificate.`,
        reason === undefined ? {} : { cause: reason },
      )
    return reason ?? new AppError('tunnel.down', `The connection to ${place} was closed.`)
  }
}

/** Our servers say why in the words that come along: `tunnel.full: …`. */
function saidGoodbye(place: string, words: Buffer): AppError {
  const text = words.toString('utf8')
  const [, code, message = ''] = /^(tunnel\.(?:full|rejected)): (.{1,500})$/s.exec(text) ?? []
  if (code === 'tunnel.full' || code === 'tunnel.rejected') return new AppError(code, message)
  return new AppError('tunnel.down', `${place} is being stopped.`)
}
