export const DAY_MS = 86_400_000

/** From when on the end of a certificate is worth a word. */
const WARN_DAYS = 30

/** Whole days that are left, negative where it is past; undefined while the end is not worth a word. Times in milliseconds. */
export function daysToEnd(endsAt: number, now: number): number | undefined {
  const leftMs = endsAt - now
  return leftMs > WARN_DAYS * DAY_MS ? undefined : Math.floor(leftMs / DAY_MS)
}

/** `in 3 days`, `within a day` */
export function inDays(days: number): string {
  return days < 1 ? 'within a day' : `in ${days} ${days === 1 ? 'day' : 'days'}`
}
