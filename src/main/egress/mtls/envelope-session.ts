import type { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import type { Logger } from '../../../node/log.ts'
import { EnvelopeLink } from '../../../node/tunnel/envelope-link.ts'
import { startKeepalive } from '../../../node/tunnel/keepalive.ts'
import { AppError } from '../../../shared/errors/app-error.ts'
import type { Envelope } from '../../../shared/protocol/tunnel/envelopes.ts'
import { ALPN, ENVELOPES } from '../../../shared/protocol/tunnel/wire.ts'
import type { EgressTarget } from '../egress.ts'
import type { SessionOptions } from './h2-session.ts'
import {
  distrusted,
  GREETING_MS,
  NotProcessed,
  OPEN_MS,
  orAborted,
  placeOf,
  type TunnelSession,
} from './tunnel-session.ts'

/** @throws AppError `tunnel.*` when the server does not take us. */
export async function openEnvelopeSession(
  socket: TLSSocket,
  options: SessionOptions & { readonly log: Logger },
  signal: AbortSignal,
): Promise<TunnelSession> {
  const session = new EnvelopeSession(socket, options)
  // Servers of the first version choose no protocol, and answer no hello.
  if (socket.alpnProtocol === ALPN.envelopes)
    await orAborted(session.greeted, signal, () => session.destroy())
  return session
}

/** Tunnel streams as envelopes. Owns the socket. */
class EnvelopeSession implements TunnelSession {
  readonly greeted: Promise<void>
  readonly retired: Promise<AppError>
  readonly ended: Promise<void>
  private readonly link: EnvelopeLink
  private readonly place: string
  private readonly retire: (reason: AppError) => void
  private readonly greet: () => void
  private reason: AppError | undefined
  private isDraining = false
  private hasEnded = false

  constructor(socket: TLSSocket, { keepalive, log, place }: SessionOptions & { readonly log: Logger }) {
    this.place = place
    const greeted = Promise.withResolvers<void>()
    const retired = Promise.withResolvers<AppError>()
    const ended = Promise.withResolvers<void>()
    this.greeted = greeted.promise
    this.greet = greeted.resolve
    this.retired = retired.promise
    this.retire = retired.resolve
    this.ended = ended.promise
    greeted.promise.catch(() => undefined)
    this.link = new EnvelopeLink({
      socket,
      isAgent: true,
      peer: place,
      log,
      onEnvelope: (envelope) => this.take(envelope),
      onClosed: (error) => {
        this.hasEnded = true
        clearTimeout(greeting)
        endKeepalive()
        this.reason ??=
          this.link.hasHello || socket.alpnProtocol !== ALPN.envelopes ? error : unwelcome(place, error)
        greeted.reject(this.reason)
        retired.resolve(this.reason)
        ended.resolve()
      },
    })
    const greeting = setTimeout(
      () =>
        this.link.close(
          new AppError('tunnel.down', `${place} did not answer within ${GREETING_MS / 1000} s.`),
        ),
      GREETING_MS,
    )
    if (socket.alpnProtocol !== ALPN.envelopes) clearTimeout(greeting)
    void this.greeted.then(
      () => clearTimeout(greeting),
      () => undefined,
    )
    const endKeepalive = startKeepalive(
      {
        bytesReceived: () => this.link.bytesReceived,
        bytesSent: () => this.link.bytesSent,
        ping: (onRoundTrip) => this.link.ping(onRoundTrip),
        dead: (silentMs) => {
          const seconds = Math.round(silentMs / 1000)
          this.link.close(new AppError('tunnel.down', `${place} has not answered for ${seconds} s.`))
        },
      },
      keepalive,
    )
    this.link.sayHello()
  }

  get isUsable(): boolean {
    return !this.hasEnded && this.reason === undefined && !this.isDraining
  }

  async open(target: EgressTarget, signal: AbortSignal): Promise<Duplex> {
    if (!this.isUsable) throw new NotProcessed(this.reason ?? closed(this.place))
    if (this.link.streamCount >= ENVELOPES.maxStreams)
      throw new AppError('tunnel.full', `${this.place} serves ${ENVELOPES.maxStreams} streams at once.`)
    const stream = this.link.addStream()
    stream.once('close', () => this.endIfDrained())
    this.link.send({ type: 'connect_open', payload: { id: stream.id, address: placeOf(target) } })
    const timer = setTimeout(() => {
      const message = `${placeOf(target)} did not answer within ${OPEN_MS / 1000} s.`
      stream.destroy(new AppError('egress.timeout', message))
    }, OPEN_MS)
    try {
      await orAborted(stream.isOpen, signal, () => stream.destroy())
    } finally {
      clearTimeout(timer)
    }
    return stream
  }

  roundTrip(): Promise<number | undefined> {
    if (!this.link.hasHello) return Promise.resolve(undefined)
    const startedAt = performance.now()
    return new Promise((resolve) => {
      this.link.ping(() => resolve(performance.now() - startedAt))
      void this.ended.then(() => resolve(undefined))
    })
  }

  drain(): void {
    this.isDraining = true
    this.endIfDrained()
  }

  destroy(): void {
    this.link.close(closed(this.place))
  }

  distrust(): void {
    this.link.close(distrusted(this.place))
  }

  private take(envelope: Envelope): void {
    if (envelope.type === 'hello') this.greet()
    if (envelope.type !== 'goodbye') return
    const { code, error = `${this.place} is being stopped.` } = envelope.payload
    const known = code === 'tunnel.full' || code === 'tunnel.rejected' ? code : 'tunnel.down'
    this.reason ??= new AppError(known, error)
    this.retire(this.reason)
  }

  private endIfDrained(): void {
    if (this.isDraining && this.link.streamCount === 0) this.link.end(closed(this.place))
  }
}

function closed(place: string): AppError {
  return new AppError('tunnel.down', `The connection to ${place} was closed.`)
}

function unwelcome(place: string, cause: AppError): AppError {
  if (cause.code !== 'tunnel.down') return cause
  return new AppError(
    'tunnel.rejected',
    `${place} closed the connection right after the handshake, as it does where it does not trust a certificate.`,
    { cause },
  )
}
