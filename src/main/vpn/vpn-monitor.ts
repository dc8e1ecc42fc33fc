import { readFile } from 'node:fs/promises'
import { AppError, toFailure } from '../../shared/errors/app-error.ts'
import { type VerifyRecord, verifyRecordSchema } from '../../shared/protocol/perimeter-verify.ts'
import type { VpnState } from '../../shared/state/vpn.ts'
import type { BridgeCore } from '../bridge/bridge-core.ts'
import type { Vpn } from './vpn.ts'

/** The tools are processes of their own, so not too often. */
const LOOK_EVERY_MS = 15_000

interface VpnMonitorOptions {
  readonly vpn: Vpn
  /** Where `sovereign perimeter verify` left its newest result. */
  readonly verifyFile: string
}

/** Keeps what is known of the tunnel of the profile current while somebody looks, and changes it on order. */
export class VpnMonitor {
  private readonly core: BridgeCore
  private readonly options: VpnMonitorOptions
  private readonly unsubscribe: () => void
  private readonly timer: NodeJS.Timeout
  private tunnel: string | undefined
  private isClosed = false
  /** One tool at a time: a look while the tunnel changes would tell of neither state. */
  private turn: Promise<void> = Promise.resolve()
  private isLooking = false

  constructor(core: BridgeCore, options: VpnMonitorOptions) {
    this.core = core
    this.options = options
    this.unsubscribe = core.onSettings(() => this.useSettings())
    this.timer = setInterval(() => this.lookIfWatched(), LOOK_EVERY_MS)
    this.timer.unref()
    this.useSettings()
  }

  /** Looks now; one that is under way is enough. */
  look(): Promise<void> {
    if (this.isLooking || this.tunnel === undefined) return this.turn
    this.isLooking = true
    return this.inTurn(() => this.lookNow()).finally(() => {
      this.isLooking = false
    })
  }

  /** @throws AppError `api.not-found` where the profile names no tunnel, `vpn.…` */
  async set(to: 'up' | 'down'): Promise<void> {
    const { tunnel } = this
    if (tunnel === undefined)
      throw new AppError('api.not-found', 'The profile names no WireGuard tunnel.', {
        remedy: 'Name it in the settings, under "vpn".',
      })
    this.publish(tunnel, { kind: 'changing', tunnel, to, since: this.core.ambient.now() })
    let failure: unknown
    await this.inTurn(() =>
      this.options.vpn.set(tunnel, to).catch((error: unknown) => {
        failure = error
      }),
    )
    await this.inTurn(() => this.lookNow())
    if (failure !== undefined) throw failure
  }

  close(): void {
    this.isClosed = true
    clearInterval(this.timer)
    this.unsubscribe()
  }

  private useSettings(): void {
    const tunnel = this.core.profile.vpn?.tunnel
    if (tunnel === this.tunnel) return
    this.tunnel = tunnel
    if (tunnel === undefined) this.core.update({ vpn: { kind: 'off' } })
    else {
      this.publish(tunnel, { kind: 'unknown', tunnel })
      // Told once, also to whoever looks later.
      void this.inTurn(() => this.lookNow())
    }
  }

  private lookIfWatched(): void {
    if (this.core.isWatched) void this.look()
  }

  private inTurn(work: () => Promise<void>): Promise<void> {
    this.turn = this.turn.then(work, work)
    return this.turn
  }

  private async lookNow(): Promise<void> {
    const { tunnel } = this
    if (tunnel === undefined || this.isClosed) return
    const at = () => this.core.ambient.now()
    const state: VpnState = await Promise.all([this.options.vpn.look(tunnel), this.lastVerify()]).then(
      ([{ isUp, ...facts }, verified]) => ({
        kind: isUp ? ('up' as const) : ('down' as const),
        tunnel,
        at: at(),
        ...facts,
        ...(verified === undefined ? {} : { verified }),
      }),
      (error: unknown) => ({ kind: 'failing' as const, tunnel, at: at(), cause: toFailure(error) }),
    )
    this.publish(tunnel, state)
  }

  /** The settings may name another one by now. */
  private publish(tunnel: string, vpn: VpnState): void {
    if (tunnel === this.tunnel && !this.isClosed) this.core.update({ vpn })
  }

  private async lastVerify(): Promise<VerifyRecord | undefined> {
    try {
      return verifyRecordSchema.parse(JSON.parse(await readFile(this.options.verifyFile, 'utf8')))
    } catch {
      // Nobody has verified anything here, or a later version has.
      return undefined
    }
  }
}
