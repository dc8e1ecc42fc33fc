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

/** @param attempt 1 for the first retry. @param random a number in [0, 1). */
export function backoffDelayMs(policy: BackoffPolicy, attempt: number, random: number): number {
  const nominal = Math.min(policy.capMs, policy.firstDelayMs * policy.factor ** Math.min(attempt - 1, 30))
  return Math.round(nominal * (1 - policy.jitter * random))
}
