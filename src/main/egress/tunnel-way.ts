import type { Duplex } from 'node:stream'
import { isDeepStrictEqual } from 'node:util'
import type { Ambient } from '../../node/ambient.ts'
import type { Logger } from '../../node/log.ts'
import { AppError, toAppError, toFailure } from '../../shared/errors/app-error.ts'
import type { MtlsSettings } from '../../shared/settings/egress.ts'
import { NO_TUNNEL, type TunnelState } from '../../shared/state/egress.ts'
import { createControl, parseServer } from '../control/create-control.ts'
import type { KeeperState } from '../control/keeper-options.ts'
import { createServerKeeper, type ServerKeeper } from '../control/server-keeper.ts'
import { type Egress, type EgressTarget, LEAVE_MS } from './egress.ts'
import { createMtlsEgress, type MtlsEgress } from './mtls/mtls-egress.ts'
import { orAborted } from './mtls/tunnel-session.ts'

export interface TunnelWayOptions {
  /** Paths without `~`. */
  readonly settings: MtlsSettings
  /** Under which the server is claimed; see `ownerName` of the control protocol. */
  readonly owner: () => string
  /** File for the times that starting took. */
  readonly historyFile: string
  readonly ambient: Ambient
  readonly log: Logger
  readonly onState: (state: TunnelState) => void
  /** Settles when the server of the tunnel before this one has stopped, where both cannot run at once. */
  readonly after?: Promise<void> | undefined
}

/** How long connections may go on through a tunnel that is let sleep. */
const REST_DRAIN_MS = 5_000

/** What a server has cost grows while nothing else changes. */
const COST_EVERY_MS = 60_000

/** The way out through a tunnel server, and what starts that server and stops it. Both tell one state together. */
export class TunnelWay implements Egress {
  readonly name = 'mtls'
  private readonly options: TunnelWayOptions
  private settings: MtlsSettings
  private readonly keeper: ServerKeeper | undefined
  private tunnel: MtlsEgress
  private readonly ended = new AbortController()
  private readonly costTimer: NodeJS.Timeout
  private current: TunnelState = NO_TUNNEL
  private certificateEnd: number | undefined
  private onState: (state: TunnelState) => void
  private closing: Promise<void> | undefined
  private isLettingGo = false
  private patienceMs = Number.POSITIVE_INFINITY
  /** While connections finish before the server is let go, or before there may be another one. */
  private resting: Promise<void> | undefined
  /** Somebody wants it awake although no request does. */
  private isWakeWanted = false

  /** @throws AppError for settings that name no server. */
  constructor(options: TunnelWayOptions) {
    const { ambient, historyFile, log, owner, settings } = options
    this.options = options
    this.settings = settings
    this.onState = options.onState
    const control = createControl(settings, ambient)
    this.keeper =
      control &&
      createServerKeeper({
        ...{ control, owner: owner(), historyFile, ambient, log },
        holdMs: settings.holdSeconds * 1000,
        onState: (state) => this.tellKeeper(state),
      })
    this.tunnel = this.createTunnel()
    this.resting = options.after?.then(() => {
      this.resting = undefined
    })
    this.costTimer = setInterval(() => this.refreshCost(), COST_EVERY_MS)
    this.costTimer.unref()
  }

  get state(): TunnelState {
    return this.current
  }

  /** Of this agent, in milliseconds since the Unix epoch; undefined until its files were read. */
  get certificateEndsAt(): number | undefined {
    return this.certificateEnd
  }

  /** Tells its state to somebody else from now on. */
  tell(onState: (state: TunnelState) => void): void {
    this.onState = onState
  }

  /** Connects to a server that runs; one that has to be woken for it stays asleep. */
  start(): void {
    if (this.closing !== undefined) return
    if (this.resting !== undefined) {
      this.publish({ phase: 'draining', since: this.options.ambient.now() })
      void this.resting.then(() => this.start())
    } else if (this.keeper === undefined) this.tunnel.start()
    else {
      // What keeps it from connecting, or soon will, is better known before a request wakes it.
      void this.tellOfCertificates()
      void this.lookWhetherAwake(this.keeper)
    }
  }

  /** Takes settings that leave its server alone. What goes through it goes on; a failure is tried again at once. */
  use(settings: MtlsSettings): void {
    const hasFailed = this.current.phase === 'failed'
    if (isDeepStrictEqual(this.settings, settings) && !hasFailed) return
    this.settings = settings
    this.keeper?.use({ holdMs: settings.holdSeconds * 1000 })
    this.tunnel.use({ ...settings, tls: settings }, LEAVE_MS)
    if (hasFailed) this.publish(NO_TUNNEL)
  }

  retryNow(): void {
    if (this.current.phase === 'asleep' || this.resting !== undefined) return
    this.tunnel.start()
    this.tunnel.retryNow()
  }

  /**
   * Wakes the server before a request does, or lets it sleep until the next one.
   *
   * @throws AppError `api.not-found` where it always runs, and why it cannot be woken.
   */
  async setAwake(awake: boolean): Promise<void> {
    if (this.keeper === undefined) throw noServer()
    this.isWakeWanted = awake
    if (awake) await this.wake(this.keeper)
    else if (this.closing === undefined) this.resting ??= this.rest(this.keeper)
  }

  /** Requests wake a server; each waits for it up to the budget of its own. */
  async connect(target: EgressTarget, signal: AbortSignal): Promise<Duplex> {
    if (this.resting !== undefined) await orAborted(this.resting, signal, () => undefined)
    if (this.keeper !== undefined && this.current.phase !== 'connected') await this.awake(this.keeper, signal)
    return await this.tunnel.connect(target, signal)
  }

  /** The server is let go of even where connections were cut off. Asked again, the earlier end counts. */
  close(drainMs: number): Promise<void> {
    this.patienceMs = Math.min(this.patienceMs, drainMs)
    if (this.closing === undefined) this.closing = this.end()
    else {
      void this.tunnel.close(drainMs)
      if (this.isLettingGo) void this.keeper?.close(drainMs)
    }
    return this.closing
  }

  private createTunnel(): MtlsEgress {
    const { ambient, log } = this.options
    const { settings } = this
    const tunnel: MtlsEgress = createMtlsEgress({
      ...{ ambient, log, serverName: settings.serverName, tls: settings, protocol: settings.protocol },
      server: () => this.server(),
      mayReconnect: () => this.keeper === undefined || this.keeper.state.phase === 'awake',
      onState: (state) => {
        if (this.tunnel === tunnel) this.tellTunnel(state)
      },
      onCertificate: (endsAt) => this.tellCertificate(endsAt),
    })
    return tunnel
  }

  private async wake(keeper: ServerKeeper): Promise<void> {
    await this.resting
    try {
      await this.awake(keeper, this.ended.signal)
    } catch (error) {
      // Disconnected, or let sleep again meanwhile; or it takes longer than a request would wait, and goes on.
      if (this.ended.signal.aborted || !this.isWakeWanted || keeper.state.phase === 'waking') return
      this.isWakeWanted = false
      throw error
    }
  }

  /** What goes through it may finish; a tunnel that was closed takes nothing new, so that another one follows it. */
  private async rest(keeper: ServerKeeper): Promise<void> {
    const { tunnel } = this
    this.tunnel = this.createTunnel()
    this.publish({ phase: 'draining', since: this.options.ambient.now() })
    await tunnel.close(REST_DRAIN_MS)
    this.resting = undefined
    void keeper.rest()
  }

  private async end(): Promise<void> {
    clearInterval(this.costTimer)
    this.publish({ phase: 'draining', since: this.options.ambient.now() })
    this.ended.abort()
    await this.resting
    await this.tunnel.close(this.patienceMs)
    this.isLettingGo = true
    await this.keeper?.close(this.patienceMs)
    // A server of which nobody knows whether it stopped goes on costing money, and stays on show.
    if (this.current.phase !== 'failed') this.publish(NO_TUNNEL)
  }

  private async awake(keeper: ServerKeeper, signal: AbortSignal): Promise<void> {
    // What cannot be talked to is not worth waking.
    await this.tunnel.checkCertificates()
    await keeper.address(signal)
  }

  private async server(): Promise<EgressTarget> {
    if (this.keeper === undefined) return parseServer(this.settings.server ?? '')
    const address = await this.keeper.look(this.ended.signal)
    if (address !== undefined) return address
    throw new AppError('tunnel.down', 'The tunnel server has gone to sleep.', {
      remedy: 'The next request wakes it.',
    })
  }

  private async tellOfCertificates(): Promise<void> {
    try {
      await this.tunnel.checkCertificates()
    } catch (error) {
      const { code, message, remedy } = toAppError(error)
      if (!this.ended.signal.aborted) this.options.log.warn({ code, remedy }, message)
    }
  }

  private async lookWhetherAwake(keeper: ServerKeeper): Promise<void> {
    try {
      const address = await keeper.look(this.ended.signal)
      if (address !== undefined) this.tunnel.start()
      else if (this.current.phase === 'off') this.tellKeeper(keeper.state)
    } catch (error) {
      if (this.ended.signal.aborted) return
      const failure = toAppError(error)
      this.options.log.warn({ code: failure.code }, failure.message)
      if (this.current.phase === 'off')
        this.publish({ phase: 'failed', since: this.options.ambient.now(), cause: toFailure(failure) })
    }
  }

  private tellKeeper(state: KeeperState): void {
    if (state.phase !== 'awake') this.publish(state)
    else {
      this.refreshCost()
      this.followWake()
    }
  }

  private followWake(): void {
    if (!this.isWakeWanted) return
    this.isWakeWanted = false
    this.tunnel.start()
    this.tunnel.retryNow()
  }

  private tellTunnel(state: TunnelState): void {
    if (this.closing !== undefined) return
    this.publish(state.phase === 'connected' ? { ...state, running: this.keeper?.running } : state)
  }

  private tellCertificate(endsAt: number): void {
    if (this.certificateEnd === endsAt) return
    this.certificateEnd = endsAt
    this.publish(this.current)
  }

  private refreshCost(): void {
    if (this.current.phase === 'connected') this.publish({ ...this.current, running: this.keeper?.running })
  }

  private publish(state: TunnelState): void {
    this.current = state
    this.onState(state)
  }
}

export function noServer(): AppError {
  return new AppError('api.not-found', 'This profile has no tunnel server that is started and stopped.', {
    remedy: 'Set "control" of its tunnel.',
  })
}
