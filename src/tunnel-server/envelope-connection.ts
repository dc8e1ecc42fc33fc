import type { TLSSocket } from 'node:tls'
import { splice } from '../node/splice.ts'
import { EnvelopeLink } from '../node/tunnel/envelope-link.ts'
import { startKeepalive } from '../node/tunnel/keepalive.ts'
import { AppError, toAppError } from '../shared/errors/app-error.ts'
import type { Envelope, PayloadOf } from '../shared/protocol/tunnel/envelopes.ts'
import { toRefusalCode } from '../shared/protocol/tunnel/refusal.ts'
import { parseAuthority } from './authority.ts'
import { EnvelopeRequests } from './envelope-requests.ts'
import { EnvelopeWebSockets } from './envelope-web-sockets.ts'
import type { AgentConnection, ServeContext } from './serve-context.ts'

/** How long the last words may take to an agent that does not read. */
const LAST_WORD_MS = 1_000

/**
 * Serves envelopes on a socket whose certificate was checked. Agents of the first version begin with
 * `iam_auth_request`; see {@link EnvelopeConnection.answerIam}.
 */
export function serveEnvelopes(socket: TLSSocket, context: ServeContext): AgentConnection {
  return new EnvelopeConnection(socket, context)
}

class EnvelopeConnection implements AgentConnection {
  readonly ended: Promise<void>
  private readonly context: ServeContext
  private readonly link: EnvelopeLink
  private readonly requests: EnvelopeRequests
  private readonly webSockets: EnvelopeWebSockets
  private isDraining = false

  constructor(socket: TLSSocket, context: ServeContext) {
    this.context = context
    const { promise, resolve } = Promise.withResolvers<void>()
    this.ended = promise
    this.link = new EnvelopeLink({
      socket,
      isAgent: false,
      peer: `the agent ${context.agent}`,
      log: context.log,
      onEnvelope: (envelope) => this.take(envelope),
      onClosed: (error) => {
        endKeepalive()
        this.requests.close()
        this.webSockets.close()
        if (error.code === 'tunnel.protocol') context.log.warn({ agent: context.agent }, error.message)
        resolve()
      },
    })
    const send = (envelope: Envelope): boolean => this.link.send(envelope)
    const onIdle = (): void => this.endIfDrained()
    this.requests = new EnvelopeRequests({ ...context, send, onIdle })
    this.webSockets = new EnvelopeWebSockets({ ...context, send, onIdle })
    const endKeepalive = startKeepalive(
      {
        bytesReceived: () => this.link.bytesReceived,
        bytesSent: () => this.link.bytesSent,
        ping: (onRoundTrip) => this.link.ping(onRoundTrip),
        dead: () => this.link.close(new AppError('tunnel.down', 'The agent has vanished.')),
      },
      context.keepalive,
    )
  }

  drain(): void {
    if (this.isDraining) return
    this.isDraining = true
    if (this.link.hasHello) this.link.send({ type: 'goodbye', payload: {} })
    this.endIfDrained()
  }

  destroy(refusal?: { readonly code: string; readonly message: string }): void {
    const end = new AppError('tunnel.down', 'The tunnel server closed the connection.')
    if (refusal === undefined) {
      this.link.close(end)
      return
    }
    this.link.send({ type: 'goodbye', payload: { code: refusal.code, error: refusal.message } })
    this.link.end(end)
    setTimeout(() => this.link.close(end), LAST_WORD_MS).unref()
  }

  private take(envelope: Envelope): void {
    switch (envelope.type) {
      case 'hello':
        this.link.sayHello()
        break
      case 'iam_auth_request':
        this.answerIam(envelope.payload.id)
        break
      case 'connect_open':
        void this.open(envelope.payload)
        break
      case 'http_request':
        if (this.mayOpen(envelope.payload.id)) this.requests.start(envelope.payload)
        break
      case 'ws_open':
        if (this.mayOpen(envelope.payload.id)) this.webSockets.open(envelope.payload)
        break
      case 'ws_message':
        this.webSockets.message(envelope.payload)
        break
      case 'ws_close':
        this.webSockets.end(envelope.payload)
        break
      default:
        this.context.log.debug({ type: envelope.type }, 'an envelope that only a server sends')
    }
  }

  /**
   * The signature of that request covers nothing that is sent, so nobody can verify it, and it is not looked at. Who
   * the agent is, its certificate has proven before this; that is what `ok` says.
   */
  private answerIam(id: string): void {
    this.link.send({ type: 'iam_auth_response', payload: { id, ok: true } })
  }

  /** An id that is in use would mix two streams up. */
  private mayOpen(id: string): boolean {
    const { link, requests, webSockets } = this
    if (link.has(id) || requests.has(id) || webSockets.has(id)) {
      this.link.close(new AppError('tunnel.protocol', `The agent used the id ${JSON.stringify(id)} twice.`))
      return false
    }
    return true
  }

  private async open({ id, address }: PayloadOf<'connect_open'>): Promise<void> {
    if (!this.mayOpen(id)) return
    const { dial, log, meters, agent } = this.context
    const stream = this.link.addStream(id)
    const abort = new AbortController()
    stream.once('close', () => abort.abort(new AppError('egress.unreachable', 'The agent gave it up.')))
    stream.once('close', meters.streamOpened())
    stream.once('close', () => this.endIfDrained())
    try {
      this.refuseMore()
      const target = parseAuthority(address)
      if (target === undefined) throw new AppError('tunnel.protocol', 'An address has to be host:port.')
      // Who closes it in the same breath has not even begun a connection.
      await Promise.resolve()
      if (stream.destroyed) return
      const far = await dial(target, abort.signal)
      if (stream.destroyed) {
        far.on('error', () => undefined)
        far.destroy()
        return
      }
      stream.accept()
      await splice(stream, far, meters.spliceCounters())
    } catch (error) {
      const { code, message } = toAppError(error)
      if (code === 'internal.bug') log.error({ err: error, agent }, 'a stream failed')
      meters.streamsRefused += 1
      stream.refuse(toRefusalCode(code), message)
    }
  }

  private refuseMore(): void {
    const { maxStreams } = this.context
    if (this.isDraining) throw new AppError('tunnel.down', 'The tunnel server is being stopped.')
    if (this.openCount() > maxStreams)
      throw new AppError('tunnel.full', `The tunnel server serves ${maxStreams} streams for each agent.`)
  }

  private openCount(): number {
    return this.link.streamCount + this.requests.count + this.webSockets.count
  }

  private endIfDrained(): void {
    if (!this.isDraining || this.openCount() > 0) return
    this.link.end(new AppError('tunnel.down', 'The tunnel server is being stopped.'))
  }
}
