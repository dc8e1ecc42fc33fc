import { readFileSync, statSync } from 'node:fs'
import type { Socket } from 'node:net'
import type { OwnListener } from '../../node/address-policy/own-listener.ts'
import type { Ambient } from '../../node/ambient.ts'
import type { Logger } from '../../node/log.ts'
import { refuseReaders } from '../../node/pem-file.ts'
import { VERSION } from '../../node/version.ts'
import { AppError, toAppError, toFailure } from '../../shared/errors/app-error.ts'
import type { EgressSettings } from '../../shared/settings/egress.ts'
import type { ListenerState } from '../../shared/state/bridge-state.ts'
import { type EgressState, NO_TUNNEL, type TunnelState } from '../../shared/state/egress.ts'
import { pacFile } from '../agent/proxy/pac.ts'
import { createProxy, type Proxy as HttpProxy } from '../agent/proxy/proxy.ts'
import { refuse } from '../agent/refuse.ts'
import { WaysOut } from '../egress/ways-out.ts'
import { parseListenAddress } from '../settings/address.ts'
import { expandHome } from '../ssh/config/expand.ts'
import type { SystemProxy } from '../system-proxy/system-proxy.ts'
import { SystemProxySwitch } from './system-proxy-switch.ts'

/** What the proxy of this computer needs of the computer. */
export interface ProxySurroundings {
  readonly home: string
  /** Under which this bridge claims a tunnel server; asked for where there is one to be claimed. */
  readonly owner: () => string
  /** File for the times that starting a tunnel server took. */
  readonly wakeHistoryFile: string
  readonly systemProxy: SystemProxy
}

export interface ProxyHostOptions extends ProxySurroundings {
  readonly settings: EgressSettings
  readonly ambient: Ambient
  readonly log: Logger
  readonly publish: (state: EgressState) => void
  /** The one that this one replaces, and that is closed next. */
  readonly before?: ProxyHost | undefined
}

/** The proxy on the port of the agent: its ways out, who may use it, and whether the system does by itself. */
export class ProxyHost {
  private readonly options: ProxyHostOptions
  private readonly settings: EgressSettings
  private readonly ways: WaysOut | undefined
  private readonly proxy: HttpProxy | AppError
  private listening: OwnListener | undefined
  private readonly system: SystemProxySwitch
  private isStarted = false
  private isClosed = false
  private closing: Promise<void> | undefined
  private readonly createdAt: number
  /** Of the first one, whatever has replaced it. */
  private readonly upSince: number

  constructor(options: ProxyHostOptions) {
    this.options = options
    this.createdAt = options.ambient.now()
    this.upSince = options.before?.upSince ?? this.createdAt
    this.settings = withPlainPaths(options.settings, options.home)
    this.system = new SystemProxySwitch({
      ...{ systemProxy: options.systemProxy, bypass: this.settings.bypass, log: options.log },
      onChange: () => this.publish(),
    })
    try {
      this.ways = this.openWays()
      this.proxy = this.openProxy(this.ways)
    } catch (error) {
      // It stays closed: without its password, for one, it would be open to everybody on this computer.
      this.proxy = toAppError(error)
      options.log.warn({ code: this.proxy.code }, this.proxy.message)
    }
  }

  /** Tells its state from now on. */
  start(): void {
    this.isStarted = true
    if (!(this.proxy instanceof AppError)) this.ways?.start()
    this.publish()
  }

  get state(): EgressState {
    const systemProxy = this.system.state
    const control = this.settings.mtls?.control?.kind
    const certificateEndsAt = this.ways?.certificateEndsAt
    return {
      use: this.settings.use,
      tunnel: this.tunnelState,
      ...(certificateEndsAt === undefined ? {} : { certificateEndsAt }),
      ...(control === undefined ? {} : { control }),
      ...(systemProxy === undefined ? {} : { systemProxy }),
    }
  }

  private get tunnelState(): TunnelState {
    if (this.proxy instanceof AppError)
      return { phase: 'failed', since: this.createdAt, cause: toFailure(this.proxy) }
    return this.ways?.tunnelState ?? NO_TUNNEL
  }

  pacFor(authority: string): string {
    return pacFile(authority, this.settings.bypass)
  }

  /** What `/agent/health` says; nothing in it is secret. */
  health(): object {
    const { tunnel, use } = this.state
    const isUp = !(this.proxy instanceof AppError)
    const server = this.tunnelServer(tunnel)
    return {
      ...{ status: isUp ? 'ok' : 'failing', version: VERSION, use, tunnel: tunnel.phase },
      connected: tunnel.phase === 'connected',
      uptime_seconds: Math.floor((this.options.ambient.now() - this.upSince) / 1000),
      // A unix socket has none.
      proxy_port: this.listening?.port ?? null,
      ...(server === undefined ? {} : { server_addr: server }),
    }
  }

  /** `host:port`; undefined where no tunnel is in use, or its server has no address yet. */
  private tunnelServer(tunnel: TunnelState): string | undefined {
    if (tunnel.phase === 'off') return undefined
    return 'server' in tunnel ? tunnel.server : this.settings.mtls?.server
  }

  handle(socket: Socket, bytes: Buffer): void {
    if (this.proxy instanceof AppError) refuse(socket, this.proxy)
    else this.proxy.handle(socket, bytes)
  }

  retryNow(): void {
    this.ways?.retryNow()
  }

  /** @throws AppError `api.not-found` where no server is started and stopped, and why one cannot be started. */
  async setTunnelAwake(awake: boolean): Promise<void> {
    if (this.proxy instanceof AppError) throw this.proxy
    await this.ways?.setTunnelAwake(awake)
  }

  /** The agent is to be found there now, or nowhere. */
  followAgent(agent: ListenerState): void {
    const before = this.listening
    this.listening = agent.phase === 'listening' ? listenerAt(agent.address) : undefined
    const isSame = before?.port === this.listening?.port && before?.address === this.listening?.address
    if (isSame || this.isClosed || !this.settings.systemProxy) return
    if (this.listening === undefined) void this.system.leave()
    else void this.system.enter(this.listening)
  }

  /**
   * What the system used before is put back first, so that no program meets a proxy that is gone. Asked again, the
   * earlier end counts.
   */
  close(drainMs: number): Promise<void> {
    if (this.closing === undefined) this.closing = this.end(drainMs)
    else void this.ways?.close(drainMs)
    return this.closing
  }

  private async end(drainMs: number): Promise<void> {
    this.isClosed = true
    if (this.settings.systemProxy) await this.system.leave()
    if (!(this.proxy instanceof AppError)) this.proxy.close()
    await this.ways?.close(drainMs)
  }

  private readonly ownListeners = (): readonly OwnListener[] =>
    this.listening === undefined ? [] : [this.listening]

  private openWays(): WaysOut {
    const { ambient, log, owner, wakeHistoryFile: historyFile } = this.options
    const { ownListeners, settings } = this
    const onTunnel = (): void => this.publish()
    const before = this.options.before?.ways
    return new WaysOut({ settings, ownListeners, owner, historyFile, ambient, log, onTunnel, before })
  }

  private openProxy(ways: WaysOut): HttpProxy {
    const { ambient, log } = this.options
    const { connectPorts, passwordFile } = this.settings
    const choose = (host: string) => ways.choose(host)
    return createProxy({
      ...{ choose, connectPorts, ownListeners: this.ownListeners, ambient, log },
      password: passwordIn(passwordFile),
    })
  }

  private publish(): void {
    if (this.isStarted) this.options.publish(this.state)
  }
}

function withPlainPaths(settings: EgressSettings, home: string): EgressSettings {
  const plain = (path: string) => expandHome(path, home)
  const { mtls, passwordFile } = settings
  const control =
    mtls?.control?.kind === 'webhook'
      ? { ...mtls.control, secretFile: plain(mtls.control.secretFile) }
      : mtls?.control
  return {
    ...settings,
    passwordFile: passwordFile && plain(passwordFile),
    mtls: mtls && {
      ...{ ...mtls, control, ca: plain(mtls.ca), cert: plain(mtls.cert), key: plain(mtls.key) },
      crl: mtls.crl && plain(mtls.crl),
    },
  }
}

const PASSWORD = 'egress.password-unusable'

/** @throws AppError `egress.password-unusable`, also for a file that others may read. */
function passwordIn(path: string | undefined): string | undefined {
  if (path === undefined) return undefined
  let text: string
  try {
    // Reading a pipe would wait for whoever writes into it.
    const stat = statSync(path)
    text = stat.isFile() ? readFileSync(path, 'utf8').trim() : ''
    if (stat.isFile()) refuseReaders(path, stat.mode, { code: PASSWORD, what: 'the password of the proxy' })
  } catch (cause) {
    if (cause instanceof AppError) throw cause
    const reason = (cause as NodeJS.ErrnoException).code
    throw new AppError(PASSWORD, `${path} cannot be read (${String(reason)}).`, { cause })
  }
  if (/^[^:]+:[\s\S]+$/.test(text)) return text
  throw new AppError(PASSWORD, `${path} does not hold "user:password".`)
}

/** Where programs of this computer find the agent; a unix socket is no place for a proxy. */
function listenerAt(address: string): OwnListener | undefined {
  const place = parseListenAddress(address)
  if (place.kind !== 'tcp') return undefined
  return {
    address: place.host === 'localhost' ? '127.0.0.1' : place.host.replace(/^\[|\]$/g, ''),
    port: place.port,
  }
}
