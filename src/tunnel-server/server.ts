import { constants } from 'node:crypto'
import type { Server as HttpServer } from 'node:http'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TLSSocket, type Server as TlsServer } from 'node:tls'
import type { OwnListener } from '../node/address-policy/own-listener.ts'
import type { Ambient } from '../node/ambient.ts'
import type { Logger } from '../node/log.ts'
import { subjectNames } from '../node/pki/names.ts'
import { type KeepaliveTimings, SERVER_KEEPALIVE } from '../node/tunnel/keepalive.ts'
import { isStillTrusted } from '../node/tunnel/still-trusted.ts'
import type { TlsSources } from '../node/tunnel/tls-material.ts'
import { ALPN, H2 } from '../shared/protocol/tunnel/wire.ts'
import { Admission } from './admission.ts'
import { type CloudWatchOptions, emitCloudWatch } from './cloud-watch.ts'
import { serveEnvelopes } from './envelope-connection.ts'
import { serveH2 } from './h2-connection.ts'
import { createHealthServer } from './health.ts'
import { listenOn, stopListening } from './listen.ts'
import { Meters, type RefusedHandshake } from './meters.ts'
import type { AgentConnection, Dial } from './serve-context.ts'
import { TlsKeeper, type Trust } from './tls-keeper.ts'

export interface TunnelServerOptions {
  readonly host: string
  /** 0 takes any free one. */
  readonly port: number
  readonly tls: TlsSources
  /** See {@link parseAllowList}; asked again whenever a watched file changes. */
  readonly readAllow: () => Promise<readonly string[]>
  readonly alsoWatch?: readonly string[]
  readonly dial: Dial
  readonly ambient: Ambient
  readonly log: Logger
  /** Counted once an agent has shown who it is. */
  readonly maxConnections?: number
  /** For each agent. */
  readonly maxStreams?: number
  /** Connections whose handshake is under way. */
  readonly maxWaiting?: number
  readonly handshakeMs?: number
  /** Where plain HTTP says how the server is; not at all when undefined. */
  readonly health?: { readonly host: string; readonly port: number } | undefined
  readonly cloudWatch?: CloudWatchOptions | undefined
  readonly keepalive?: KeepaliveTimings
  readonly lookMs?: number
}

export interface TunnelServer {
  readonly host: string
  readonly port: number
  readonly healthPort: number | undefined
  /** Where it listens at this moment: its agents must not be led back into it. */
  readonly ownListeners: readonly OwnListener[]
  readonly meters: Meters
  /** Reads certificate, revocation list and rules again; never rejects, what cannot be used leaves the old in place. */
  reload(): Promise<void>
  /** Takes no new connections and streams, lets those that are open finish for up to `drainMs`, then cuts them. */
  close(drainMs?: number): Promise<void>
}

interface Connected {
  readonly connection: AgentConnection
  readonly socket: TLSSocket
  readonly agent: string
}

/** @throws AppError `certs.*`, `tunnel.config-invalid`, `port.*` */
export async function startTunnelServer(options: TunnelServerOptions): Promise<TunnelServer> {
  const keeper = await TlsKeeper.open({
    sources: options.tls,
    readAllow: options.readAllow,
    ambient: options.ambient,
    log: options.log,
    ...(options.alsoWatch === undefined ? {} : { alsoWatch: options.alsoWatch }),
    ...(options.lookMs === undefined ? {} : { lookMs: options.lookMs }),
  })
  const server = new RunningServer(options, keeper)
  try {
    await server.listen()
  } catch (error) {
    await server.close(0)
    throw error
  }
  return server
}

/** Owns the listeners, the connections of agents, and what keeps them in step with their files. */
class RunningServer implements TunnelServer {
  readonly meters: Meters
  private readonly options: TunnelServerOptions
  private readonly keeper: TlsKeeper
  private readonly admission: Admission
  private readonly listener: Server
  private readonly tls: TlsServer
  private readonly health: HttpServer | undefined
  private readonly connected = new Set<Connected>()
  private readonly maxConnections: number
  private endCloudWatch: () => void = () => undefined
  private closing: Promise<void> | undefined
  private cut: () => void = () => undefined

  constructor(options: TunnelServerOptions, keeper: TlsKeeper) {
    this.options = options
    this.keeper = keeper
    this.maxConnections = options.maxConnections ?? 100
    this.meters = new Meters(options.ambient)
    this.admission = new Admission({
      maxWaiting: options.maxWaiting ?? 256,
      handshakeMs: options.handshakeMs ?? 10_000,
      onRefused: (reason) => this.refused(reason),
    })
    this.tls = createTlsServer({
      ...this.tlsOptions(keeper.trust),
      requestCert: true,
      rejectUnauthorized: true,
      ALPNProtocols: [ALPN.h2, ALPN.envelopes],
      handshakeTimeout: (options.handshakeMs ?? 10_000) * 2,
    })
    this.tls.on('secureConnection', (socket) => this.admit(socket))
    this.tls.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
      this.admission.done(socket)
      const reason = String(socket.authorizationError ?? error.code ?? error.message)
      this.refused('tls', { from: socket.remoteAddress, reason })
      socket.destroy()
    })
    this.listener = createServer(
      { noDelay: true, keepAlive: true, keepAliveInitialDelay: 30_000 },
      (socket) => this.greet(socket),
    )
    keeper.onChange((trust) => this.applyTrust(trust))
    this.health = options.health === undefined ? undefined : createHealthServer(this.healthView())
  }

  get host(): string {
    return (this.listener.address() as AddressInfo | null)?.address ?? this.options.host
  }

  get port(): number {
    return (this.listener.address() as AddressInfo | null)?.port ?? this.options.port
  }

  get healthPort(): number | undefined {
    return (this.health?.address() as AddressInfo | null | undefined)?.port
  }

  get ownListeners(): readonly OwnListener[] {
    const bound = [this.listener.address(), this.health?.address()] as (AddressInfo | null | undefined)[]
    return bound.filter((address) => address !== null && address !== undefined)
  }

  async listen(): Promise<void> {
    const { ambient, cloudWatch, health, host, port } = this.options
    await listenOn(this.listener, host, port)
    if (this.health !== undefined && health !== undefined)
      await listenOn(this.health, health.host, health.port)
    // Out of file descriptors, for one: a connection is lost, the listener is not.
    for (const server of [this.listener, this.health])
      server?.on('error', (error) => this.options.log.warn({ err: error }, 'a connection could not be taken'))
    if (cloudWatch !== undefined) this.endCloudWatch = emitCloudWatch(cloudWatch, this.meters, ambient)
  }

  reload(): Promise<void> {
    return this.keeper.renew()
  }

  close(drainMs = 10_000): Promise<void> {
    if (drainMs <= 0) this.cut()
    this.closing ??= this.drain(drainMs)
    return this.closing
  }

  private async drain(drainMs: number): Promise<void> {
    const stopped = stopListening(this.listener)
    this.keeper.close()
    this.admission.close()
    for (const { connection } of this.connected) connection.drain()
    const ended = Promise.all([...this.connected].map(({ connection }) => connection.ended))
    const timeUp = new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, Math.max(0, drainMs))
      this.cut = resolve
      void ended.then(() => clearTimeout(timer))
    })
    await Promise.race([ended, timeUp])
    for (const { connection } of this.connected) connection.destroy()
    await ended
    await stopped
    this.endCloudWatch()
    if (this.health !== undefined) {
      const isStopped = stopListening(this.health)
      this.health.closeAllConnections()
      await isStopped
    }
  }

  private greet(socket: Socket): void {
    socket.on('error', () => undefined)
    if (this.admission.add(socket)) this.tls.emit('connection', socket)
  }

  private admit(socket: TLSSocket): void {
    this.admission.done(socket)
    socket.on('error', () => undefined)
    const certificate = socket.getPeerX509Certificate()
    // Node has refused all others; this is what the whole server rests on.
    if (!socket.authorized || certificate === undefined) {
      socket.destroy()
      return
    }
    const names = subjectNames(certificate.subjectAltName)
    const agent = this.keeper.trust.allow.match(names)
    const connection = this.serve(socket, agent ?? '')
    if (agent === undefined) {
      const listed = names.map(({ value }) => value).join(', ') || 'no name'
      const message = `The tunnel server does not allow this certificate (${listed}).`
      connection.destroy({ code: 'tunnel.rejected', message })
      this.refused('not-allowed', { from: socket.remoteAddress, names: listed })
    } else if (this.connected.size >= this.maxConnections) {
      const message = `The tunnel server has ${this.maxConnections} connections, and takes no more.`
      connection.destroy({ code: 'tunnel.full', message })
      this.refused('full', { agent })
    } else if (this.closing !== undefined) connection.destroy()
    else this.keep({ agent, connection, socket })
  }

  private serve(socket: TLSSocket, agent: string): AgentConnection {
    const { dial, keepalive = SERVER_KEEPALIVE, log, maxStreams = H2.maxStreams } = this.options
    const isKnown = agent !== ''
    const refuseAll: Dial = () =>
      Promise.reject(new Error('An agent that is not allowed asked for something.'))
    const context = { agent, keepalive, log, maxStreams: isKnown ? maxStreams : 0, meters: this.meters }
    const serve = socket.alpnProtocol === ALPN.h2 ? serveH2 : serveEnvelopes
    return serve(socket, { ...context, dial: isKnown ? dial : refuseAll })
  }

  private keep(one: Connected): void {
    const { log } = this.options
    this.connected.add(one)
    this.meters.connectionOpened()
    log.info({ agent: one.agent, from: one.socket.remoteAddress }, 'an agent connected')
    void one.connection.ended.then(() => {
      this.connected.delete(one)
      this.meters.connectionClosed()
      log.info({ agent: one.agent }, 'an agent is gone')
    })
  }

  private tlsOptions({ tls }: Trust) {
    // A resumed session would skip the look at the revocation list.
    return { ...tls.context, secureOptions: constants.SSL_OP_NO_TICKET }
  }

  /** Open connections stay, unless their agent has lost its right to be here. */
  private applyTrust(trust: Trust): void {
    this.tls.setSecureContext(this.tlsOptions(trust))
    for (const { agent, connection, socket } of this.connected) {
      const certificate = socket.getPeerX509Certificate()
      const isAllowed = trust.allow.match(subjectNames(certificate?.subjectAltName)) !== undefined
      if (isAllowed && certificate !== undefined && isStillTrusted(certificate, trust.tls.trust)) continue
      this.options.log.warn({ agent }, 'an agent lost its right to be here')
      connection.destroy({
        code: 'tunnel.rejected',
        message: 'The tunnel server no longer accepts this certificate.',
      })
    }
  }

  private refused(reason: RefusedHandshake, fields: object = {}): void {
    this.meters.refuse(reason)
    // Anybody can cause these, so there is a limit to what they may write.
    if (this.refusalsLogged < 100)
      this.options.log.info({ ...fields, refused: reason }, 'a connection was refused')
    this.refusalsLogged += 1
    this.refusalsReset ??= setTimeout(() => {
      this.refusalsLogged = 0
      this.refusalsReset = undefined
    }, 60_000).unref()
  }

  private refusalsLogged = 0
  private refusalsReset: NodeJS.Timeout | undefined

  private healthView() {
    return {
      meters: this.meters,
      ambient: this.options.ambient,
      maxConnections: this.maxConnections,
      isDraining: () => this.closing !== undefined,
      certificateExpiresAt: () => this.keeper.trust.tls.expiresAt,
    }
  }
}
