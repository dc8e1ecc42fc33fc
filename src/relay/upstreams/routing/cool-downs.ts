import type { Ambient } from '../../../node/ambient.ts'
import type { ErrorCode } from '../../../shared/errors/codes.ts'
import type { Upstream } from '../upstream.ts'
import type { Candidate } from './routing.ts'

/** Where nothing is said about when to come back. */
const USUAL_MS = 30_000
/** An upstream may ask for hours; a look in between costs one request. */
const LONGEST_MS = 3_600_000
/** Model names come from clients. */
const ENTRIES_MAX = 500

/** These say something about the upstream as a whole; all others may concern one model only. */
const WHOLE_UPSTREAM: ReadonlySet<ErrorCode> = new Set([
  'relay.upstream-unreachable',
  'relay.upstream-timeout',
  'relay.github-unreachable',
])

interface CoolDown {
  readonly upstream: Upstream
  /** On the monotonic clock. */
  readonly untilMs: number
}

/**
 * Remembers for a while what has just failed, so that a request with another way to go does not wait for it first.
 * A request without another way is sent all the same: whether it works again is found out by trying.
 */
export class CoolDowns {
  private readonly ambient: Ambient
  private readonly entries = new Map<string, CoolDown>()

  constructor(ambient: Ambient) {
    this.ambient = ambient
  }

  /** @param retryAfter header of the refusal: seconds or a date (RFC 9110, section 10.2.3). */
  begin(candidate: Candidate, code: ErrorCode, retryAfter?: string): void {
    const key = WHOLE_UPSTREAM.has(code) ? candidate.upstream.id : keyOf(candidate)
    const asked = retryAfter === undefined ? undefined : this.waitOf(retryAfter)
    const waitMs = Math.min(asked ?? USUAL_MS, LONGEST_MS)
    this.tidy()
    this.entries.set(key, { upstream: candidate.upstream, untilMs: this.ambient.monotonicMs() + waitMs })
  }

  /** It works again. */
  end(candidate: Candidate): void {
    this.entries.delete(candidate.upstream.id)
    this.entries.delete(keyOf(candidate))
  }

  isCooling(candidate: Candidate): boolean {
    return this.isCoolingAsWhole(candidate.upstream) || this.lasts(keyOf(candidate), candidate.upstream)
  }

  isCoolingAsWhole(upstream: Upstream): boolean {
    return this.lasts(upstream.id, upstream)
  }

  /** What was held against a provider does not count for the one that has been put in its place. */
  private lasts(key: string, upstream: Upstream): boolean {
    const entry = this.entries.get(key)
    return entry?.upstream === upstream && entry.untilMs > this.ambient.monotonicMs()
  }

  private waitOf(retryAfter: string): number | undefined {
    const waitMs = /^\d+$/.test(retryAfter)
      ? Number(retryAfter) * 1000
      : Date.parse(retryAfter) - this.ambient.now()
    return Number.isFinite(waitMs) && waitMs >= 0 ? waitMs : undefined
  }

  private tidy(): void {
    for (const [key, { upstream }] of [...this.entries])
      if (!this.lasts(key, upstream)) this.entries.delete(key)
    const [oldest] = this.entries.keys()
    if (this.entries.size >= ENTRIES_MAX && oldest !== undefined) this.entries.delete(oldest)
  }
}

/** Names of upstreams hold no blank. */
function keyOf({ upstream, model }: Candidate): string {
  return `${upstream.id} ${model}`
}
