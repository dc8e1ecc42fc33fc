/**
 * Delays between attempts, in milliseconds. The first retry is almost at once because most cuts heal by
 * themselves; later ones grow up to the cap. Jitter keeps many bridges from returning in step.
 */
export interface BackoffPolicy {
  readonly firstDelayMs: number
  readonly capMs: number
  readonly factor: number
  /** Share of the delay that is random: 0.5 gives between 0.5 and 1 times the nominal delay. */
  readonly jitter: number
}

export const RECONNECT_BACKOFF: BackoffPolicy = { firstDelayMs: 200, capMs: 30_000, factor: 1.6, jitter: 0.5 }

/** Of the time that a host has been away: 0.25 s after 5 s, 1 s after 20 s, the cap after 10 min. */
const AWAY_SHARE = 0.05

/** @param attempt 1 for the first retry. @param random a number in [0, 1). */
export function backoffDelayMs(policy: BackoffPolicy, attempt: number, random: number): number {
  const nominal = Math.min(policy.capMs, policy.firstDelayMs * policy.factor ** Math.min(attempt - 1, 30))
  return shortened(policy, nominal, random)
}

/** For attempts that cost the other side nothing: in proportion, so the wait never adds much to the absence. */
export function awayDelayMs(policy: BackoffPolicy, awayMs: number, random: number): number {
  const nominal = Math.min(policy.capMs, Math.max(policy.firstDelayMs, awayMs * AWAY_SHARE))
  return shortened(policy, nominal, random)
}

function shortened(policy: BackoffPolicy, nominalMs: number, random: number): number {
  return Math.round(nominalMs * (1 - policy.jitter * random))
}
