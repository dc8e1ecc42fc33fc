import { CODE, H2Error } from './codes.ts'

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
