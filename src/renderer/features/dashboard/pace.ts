/** How the use of an allowance compares with the time that has passed. Times are ms since the epoch. */
export type Pace =
  /** Too early in the window to say anything. */
  | { readonly kind: 'too-early' }
  | { readonly kind: 'within'; readonly spareShare: number }
  | { readonly kind: 'ahead'; readonly runsOutAt: number }
  | { readonly kind: 'spent' }

export interface PaceInput {
  readonly used: number
  readonly entitlement: number
  readonly now: number
  readonly startsAt: number
  readonly endsAt: number
}

/** Part of the window that has to be over before its pace means anything. */
const EARLIEST_SHARE = 0.03

/** @returns undefined where the window or the allowance makes no sense. */
export function paceOf({ used, entitlement, now, startsAt, endsAt }: PaceInput): Pace | undefined {
  if (!(entitlement > 0) || !(endsAt > startsAt) || !(used >= 0)) return undefined
  if (used >= entitlement) return { kind: 'spent' }
  const passed = shareOf(now, startsAt, endsAt)
  if (passed < EARLIEST_SHARE || passed >= 1) return { kind: 'too-early' }
  const expected = used / passed
  if (expected <= entitlement) return { kind: 'within', spareShare: 1 - expected / entitlement }
  const runsOutAt = startsAt + (entitlement / used) * (now - startsAt)
  return { kind: 'ahead', runsOutAt }
}

/** How much of a window is over, from 0 to 1. */
export function shareOf(now: number, startsAt: number, endsAt: number): number {
  return Math.min(1, Math.max(0, (now - startsAt) / (endsAt - startsAt)))
}

/** The same day and time a month before, or the last day of that month where it is shorter. In UTC. */
export function monthBefore(time: number): number {
  const date = new Date(time)
  const day = date.getUTCDate()
  date.setUTCDate(1)
  date.setUTCMonth(date.getUTCMonth() - 1)
  const lastDay = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate()
  date.setUTCDate(Math.min(day, lastDay))
  return date.getTime()
}
