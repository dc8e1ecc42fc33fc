import { isDeepStrictEqual } from 'node:util'
import { createAddressPolicy } from '../../node/address-policy/address-policy.ts'
import { matchesHost } from '../../node/address-policy/host-pattern.ts'
import type { Ambient } from '../../node/ambient.ts'
import type { Logger } from '../../node/log.ts'
import type { EgressSettings, MtlsSettings } from '../../shared/settings/egress.ts'
import { NO_TUNNEL, type TunnelState } from '../../shared/state/egress.ts'
import { DirectEgress } from './direct/direct-egress.ts'
import type { OwnListener } from './direct/own-listener.ts'
import type { Egress } from './egress.ts'
import { noServer, TunnelWay } from './tunnel-way.ts'

export interface WaysOutOptions {
  /** Paths without `~`. */
  readonly settings: EgressSettings
  readonly ownListeners: () => readonly OwnListener[]
  readonly owner: () => string
  readonly historyFile: string
  readonly ambient: Ambient
  readonly log: Logger
  readonly onTunnel: (state: TunnelState) => void
  /** Hands over its tunnel where that stays as it is: closing it would stop the server that it shares with us. */
  readonly before?: WaysOut | undefined
}

/** The ways out of one profile, and which of them a host gets. */
export class WaysOut {
  private readonly settings: EgressSettings
  private readonly direct: DirectEgress
  private readonly tunnel: TunnelWay | undefined
  private isTunnelOurs = true

  /** @throws AppError `settings.invalid` for networks and servers that are none. */
  constructor(options: WaysOutOptions) {
    const { settings, ownListeners } = options
    this.settings = settings
    // A rule that names no network would let through what it is to keep out.
    for (const { hosts } of settings.rules) createAddressPolicy(hosts)
    this.direct = new DirectEgress({ policy: createAddressPolicy(settings.allowPrivate), ownListeners })
    const { before, onTunnel: onState } = options
    this.tunnel =
      settings.mtls &&
      (before?.handOver(settings.mtls, onState) ??
        new TunnelWay({ ...options, settings: settings.mtls, onState }))
  }

  get tunnelState(): TunnelState {
    return this.tunnel?.state ?? NO_TUNNEL
  }

  start(): void {
    this.tunnel?.start()
  }

  retryNow(): void {
    this.tunnel?.retryNow()
  }

  /** @throws AppError `api.not-found` where no server is started and stopped, and why one cannot be started. */
  async setTunnelAwake(awake: boolean): Promise<void> {
    if (this.tunnel === undefined) throw noServer()
    await this.tunnel.setAwake(awake)
  }

  /** @param host a name in lower-case ASCII, or an address literal without brackets. */
  choose(host: string): Egress | 'deny' {
    const rule = this.settings.rules.find(({ hosts }) => hosts.some((pattern) => matchesHost(pattern, host)))
    const use = rule?.use ?? this.settings.use
    if (use === 'deny') return 'deny'
    // The settings have a tunnel wherever they use one.
    return use === 'mtls' && this.tunnel !== undefined ? this.tunnel : this.direct
  }

  /** Requests under way go on through it; whoever takes it closes it. One that failed is better made anew. */
  private handOver(settings: MtlsSettings, onState: (state: TunnelState) => void): TunnelWay | undefined {
    const { isTunnelOurs, tunnel } = this
    const isSame = isTunnelOurs && isDeepStrictEqual(this.settings.mtls, settings)
    if (!isSame || tunnel === undefined || tunnel.state.phase === 'failed') return undefined
    this.isTunnelOurs = false
    tunnel.tell(onState)
    return tunnel
  }

  /** Idempotent. */
  async close(drainMs: number): Promise<void> {
    await Promise.all([
      this.direct.close(drainMs),
      this.isTunnelOurs ? this.tunnel?.close(drainMs) : undefined,
    ])
  }
}
