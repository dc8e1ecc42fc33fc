import { CODE, H2Error } from './codes.ts'

/** Streams that end by a mistake of the peer (CVE-2025-8671), at the rate at which nghttp2 allows resets. */
const FAULTS = { burst: 1_000, perSecond: 33 } as const
/** Frames that cost the other side nothing. */
const CHEAP = { burst: 10_000, perSecond: 1_000 } as const
/** What is saved up is for what is under way, and not for later. */
const EARNED_MAX = 2 ** 20

/**
 * How much a peer may do that costs it nothing and us something: pings, settings (CVE-2019-9512 and 9515), frames
 * without data (CVE-2019-9518) and the like. A supply for a burst, that grows again slowly.
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

/** For what a peer may do as often as there was cause for it, however often that is; beyond that it uses another one. */
export class Earned {
  private readonly beyond: Allowance
  private left = 0

  constructor(beyond: Allowance) {
    this.beyond = beyond
  }

  earn(count: number): void {
    this.left = Math.min(EARNED_MAX, this.left + count)
  }

  /** @throws H2Error for too many. */
  use(what: string): void {
    if (this.left > 0) this.left -= 1
    else this.beyond.use(what)
  }
}

export function cheapAllowance(now?: () => number): Allowance {
  return new Allowance(CHEAP.burst, CHEAP.perSecond, now)
}

/** @param maxStreams that the other side may have open, all of which may go wrong at once. */
export function faultAllowance(maxStreams: number, now?: () => number): Allowance {
  return new Allowance(FAULTS.burst + maxStreams, FAULTS.perSecond, now)
}
