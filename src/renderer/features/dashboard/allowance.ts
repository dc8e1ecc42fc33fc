import type { Usage, UsageQuota } from '../../../shared/protocol/read-usage.ts'
import { monthBefore, type Pace, paceOf, shareOf } from './pace.ts'

/** One allowance as it is shown. */
export interface Allowance {
  readonly quota: UsageQuota
  /** Where it counts down: used, granted and the part of the window that is over. */
  readonly progress?: {
    readonly used: number
    readonly entitlement: number
    readonly pace: Pace | undefined
    readonly passedShare: number | undefined
  }
  readonly resetsAt?: number
}

/** Empty rows and what is not counted come last; what runs out first comes first. */
export function allowancesOf(
  { quotas, account }: Pick<Usage, 'quotas' | 'account'>,
  now: number,
): Allowance[] {
  return quotas
    .filter(({ kind }) => kind !== 'placeholder')
    .map((quota) => allowanceOf(quota, account?.quotaResetDate, now))
    .sort((a, b) => weight(a) - weight(b))
}

function allowanceOf(quota: UsageQuota, accountReset: string | undefined, now: number): Allowance {
  const reset = Date.parse(quota.resetsAt ?? accountReset ?? '')
  const resetsAt = Number.isNaN(reset) ? {} : { resetsAt: reset }
  const { entitlement } = quota
  const used = quota.used ?? usedOf(quota)
  if (quota.kind !== 'limited' || entitlement === undefined || used === undefined)
    return { quota, ...resetsAt }
  const startsAt = monthBefore(reset)
  return {
    quota,
    ...resetsAt,
    progress: {
      used,
      entitlement,
      // A reset date that has passed says that the numbers are of the month before.
      pace: reset > now ? paceOf({ used, entitlement, now, startsAt, endsAt: reset }) : undefined,
      passedShare: reset > now ? shareOf(now, startsAt, reset) : undefined,
    },
  }
}

function usedOf({ entitlement, percentRemaining }: UsageQuota): number | undefined {
  if (entitlement === undefined || percentRemaining === undefined) return undefined
  return Math.max(0, entitlement * (1 - percentRemaining / 100))
}

function weight({ quota, progress }: Allowance): number {
  if (quota.exhausted) return -1
  return progress === undefined ? 2 : 1 - Math.min(1, progress.used / Math.max(1, progress.entitlement))
}
