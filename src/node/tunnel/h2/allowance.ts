import { CODE, H2Error } from './codes.ts'

/**
 * Resets, as nghttp2 allows them. An agent that is closed resets all its streams at once, and that is no attack: so many
 * come on top.
 */
const RESETS = { burst: 1_000, perSecond: 33 } as const
/** Frames that cost the other side nothing. */
const CHEAP = { burst: 10_000, perSecond: 1_000 } as const

/**
 * How much a peer may do that costs it nothing and us something: resets (CVE-2023-44487), pings, settings (CVE-2019-9512
 * and 9515), frames without data (CVE-2019-9518) and the like. A supply for a burst, that grows again slowly.
 */
export class Allowance {
  private readonly burst: number
  private readonly perSecond: number
  private readonly now: () => number
  private left: number
  private since: number

  constructor(burst: number, perSecond: number, now: () => number = () => performance.now()) {
    this.burst = burst
    this.perSecond = perSecond
    this.now = now
    this.left = burst
    this.since = now()
  }

  /** @throws H2Error when there is none left. */
  use(what: string): void {
    if (this.left < 1) {
      const now = this.now()
      this.left = Math.min(this.burst, this.left + ((now - this.since) * this.perSecond) / 1000)
      this.since = now
      if (this.left < 1) throw new H2Error(CODE.enhanceYourCalm, `too many ${what}`)
    }
    this.left -= 1
  }
}

export function cheapAllowance(now?: () => number): Allowance {
  return new Allowance(CHEAP.burst, CHEAP.perSecond, now)
}

/** @param maxStreams that the other side may have open. */
export function resetAllowance(maxStreams: number, now?: () => number): Allowance {
  return new Allowance(RESETS.burst + maxStreams, RESETS.perSecond, now)
}
