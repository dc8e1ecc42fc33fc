import { createAddressPolicy } from '../../node/address-policy/address-policy.ts'
import { matchesHost } from '../../node/address-policy/host-pattern.ts'
import type { OwnListener } from '../../node/address-policy/own-listener.ts'
import type { Ambient } from '../../node/ambient.ts'
import type { Logger } from '../../node/log.ts'
import type { EgressSettings, MtlsSettings } from '../../shared/settings/egress.ts'
import { NO_TUNNEL, type TunnelState } from '../../shared/state/egress.ts'
import { keepsServer, sharesServer } from '../control/shares-server.ts'
import { DirectEgress } from './direct/direct-egress.ts'
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
  /** Hands over its tunnel where the server stays the same: closing it would stop the server for us too. */
  readonly before?: WaysOut | undefined
}

/** How long connections may go on through a server that another one waits for. */
const IN_THE_WAY_MS = 5_000

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
        new TunnelWay({
          ...{ ...options, settings: settings.mtls, onState },
          after: before?.stopTunnelFor(settings.mtls),
        }))
  }

  get tunnelState(): TunnelState {
    return this.tunnel?.state ?? NO_TUNNEL
  }

  /** See `EgressState`. */
  get certificateEndsAt(): number | undefined {
    return this.tunnel?.certificateEndsAt
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

  /** Requests under way go on through it; whoever takes it closes it. */
  private handOver(settings: MtlsSettings, onState: (state: TunnelState) => void): TunnelWay | undefined {
    const { isTunnelOurs, tunnel } = this
    const { mtls } = this.settings
    if (!isTunnelOurs || tunnel === undefined || mtls === undefined || !keepsServer(mtls, settings))
      return undefined
    this.isTunnelOurs = false
    tunnel.tell(onState)
    tunnel.use(settings)
    return tunnel
  }

  /** @returns when it has stopped, where its server is in the way of the one of those settings. */
  private stopTunnelFor(settings: MtlsSettings): Promise<void> | undefined {
    const { mtls } = this.settings
    if (!this.isTunnelOurs || mtls === undefined || !sharesServer(mtls, settings)) return undefined
    return this.tunnel?.close(IN_THE_WAY_MS)
  }

  /** Lets connections finish for up to `drainMs`. Asked again, the earlier end counts. */
  async close(drainMs: number): Promise<void> {
    await Promise.all([
      this.direct.close(drainMs),
      this.isTunnelOurs ? this.tunnel?.close(drainMs) : undefined,
    ])
  }
}
