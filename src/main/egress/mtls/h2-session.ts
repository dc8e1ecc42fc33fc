import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type IncomingHttpHeaders,
} from 'node:http2'
import type { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import { AlwaysReading } from '../../../node/tunnel/always-reading.ts'
import { H2ByteStream, resetStream } from '../../../node/tunnel/h2-byte-stream.ts'
import { type KeepaliveTimings, startKeepalive } from '../../../node/tunnel/keepalive.ts'
import { UnreadBudget } from '../../../node/tunnel/unread-budget.ts'
import { AppError } from '../../../shared/errors/app-error.ts'
import { readRefusal } from '../../../shared/protocol/tunnel/refusal.ts'
import { H2, UNREAD } from '../../../shared/protocol/tunnel/wire.ts'
import type { EgressTarget } from '../egress.ts'
import { dialFailure } from './dial-tls.ts'
import {
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

/** @throws AppError `tunnel.*` when the server does not take us. */
export async function openH2Session(
  socket: TLSSocket,
  options: SessionOptions,
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
  private readonly session: ClientHttp2Session
  private readonly wire: AlwaysReading
  private readonly unread = new UnreadBudget(UNREAD.agent)
  private readonly place: string
  private reason: AppError | undefined
  private hasGreeted = false
  private openStreams = 0

  constructor(socket: TLSSocket, { keepalive, place }: SessionOptions) {
    this.place = place
    this.wire = new AlwaysReading(socket)
    this.session = connect('https://tunnel', {
      createConnection: () => this.wire,
      settings: { enablePush: false, initialWindowSize: H2.agentStreamWindow },
      maxSessionMemory: H2.sessionMemory,
    })
    const { session } = this
    const greeted = Promise.withResolvers<void>()
    const retired = Promise.withResolvers<AppError>()
    this.greeted = greeted.promise
    this.retired = retired.promise
    greeted.promise.catch(() => undefined)
    const greeting = setTimeout(
      () => this.fail(new AppError('tunnel.down', `${place} did not answer within ${GREETING_MS / 1000} s.`)),
      GREETING_MS,
    )
    session.once('connect', () => session.setLocalWindowSize(H2.agentConnectionWindow))
    session.once('remoteSettings', () => {
      clearTimeout(greeting)
      this.hasGreeted = true
      greeted.resolve()
    })
    session.on('goaway', (_code, _last, words) => {
      this.reason ??= saidGoodbye(place, words)
      retired.resolve(this.reason)
    })
    session.on('error', (error) => {
      this.reason ??= dialFailure(error, socket, place)
    })
    const endKeepalive = this.watch(socket, keepalive)
    this.ended = new Promise((resolve) => {
      session.once('close', () => {
        clearTimeout(greeting)
        endKeepalive()
        const reason = this.whyClosed()
        greeted.reject(reason)
        retired.resolve(reason)
        resolve()
      })
    })
  }

  get isUsable(): boolean {
    return !this.session.closed && !this.session.destroyed && this.reason === undefined
  }

  async open(target: EgressTarget, signal: AbortSignal): Promise<Duplex> {
    if (!this.isUsable) throw new NotProcessed(this.whyClosed())
    const { maxConcurrentStreams = H2.maxStreams } = this.session.remoteSettings
    if (this.openStreams >= maxConcurrentStreams)
      throw new AppError('tunnel.full', `${this.place} serves ${maxConcurrentStreams} streams at once.`)
    const request = { ':method': 'CONNECT', ':authority': placeOf(target) }
    const stream = this.session.request(request, { endStream: false })
    this.openStreams += 1
    stream.once('close', () => {
      this.openStreams -= 1
    })
    await orAborted(this.answered(stream, target), signal, () =>
      resetStream(stream, constants.NGHTTP2_CANCEL),
    )
    const bytes = new H2ByteStream(stream, () => this.whyClosed(), this.wire)
    this.unread.add(bytes)
    return bytes
  }

  roundTrip(): Promise<number | undefined> {
    return new Promise((resolve) => {
      if (this.session.destroyed) resolve(undefined)
      else this.session.ping((error, durationMs) => resolve(error === null ? durationMs : undefined))
    })
  }

  drain(): void {
    if (!this.session.closed && !this.session.destroyed) this.session.close()
  }

  destroy(): void {
    this.session.destroy()
  }

  private answered(stream: ClientHttp2Stream, target: EgressTarget): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(
          new AppError('egress.timeout', `${placeOf(target)} did not answer within ${OPEN_MS / 1000} s.`),
        )
        resetStream(stream, constants.NGHTTP2_CANCEL)
      }, OPEN_MS)
      stream.on('error', () => undefined)
      stream.once('response', (headers: IncomingHttpHeaders & { ':status'?: number }) => {
        clearTimeout(timer)
        const { ':status': status = 0 } = headers
        if (status === 200) {
          resolve()
          return
        }
        const { code, message } = readRefusal(status, String(headers['proxy-status'] ?? ''))
        reject(new AppError(code, message))
        resetStream(stream.resume(), constants.NGHTTP2_CANCEL)
      })
      stream.once('close', () => {
        clearTimeout(timer)
        const reason = this.whyClosed()
        // Neither is ever sent for a stream that the server has begun with.
        const isUntouched = stream.rstCode === constants.NGHTTP2_REFUSED_STREAM || !stream.sentHeaders
        reject(isUntouched ? new NotProcessed(reason) : reason)
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
function saidGoodbye(place: string, words: Uint8Array | undefined): AppError {
  const text = words === undefined ? '' : Buffer.from(words).toString('utf8')
  const [, code, message = ''] = /^(tunnel\.(?:full|rejected)): (.{1,500})$/s.exec(text) ?? []
  if (code === 'tunnel.full' || code === 'tunnel.rejected') return new AppError(code, message)
  return new AppError('tunnel.down', `${place} is being stopped.`)
}
