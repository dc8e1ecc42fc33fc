import { type Allowance, cheapAllowance, Earned, faultAllowance } from './allowance.ts'
import { WindowUpdates } from './window-updates.ts'

/** What the peer of one connection may do, before it is sent away (RFC 9113 §10.5). */
export class Limits {
  /** Frames that cost it nothing. */
  readonly cheap: Allowance
  /** Streams that it has broken, and requests that are refused. */
  readonly faults: Allowance
  /** Its windows. */
  readonly windows: WindowUpdates
  private readonly earnedResets: Earned

  /** @param maxStreams that it may have open. @param now in milliseconds, of any beginning. */
  constructor(maxStreams: number, now?: () => number) {
    this.cheap = cheapAllowance(now)
    this.faults = faultAllowance(maxStreams, now)
    this.windows = new WindowUpdates(this.cheap)
    this.earnedResets = new Earned(this.cheap)
  }

  /** By either side. */
  streamOpened(): void {
    this.earnedResets.earn(1)
    this.windows.opened()
  }

  /**
   * It may reset each of its streams, however many they are: what that costs is bounded where the work is; see Breath
   * and CVE-2023-44487. @throws H2Error for more resets than that.
   */
  useReset(): void {
    this.earnedResets.use('resets')
  }
}
