import type { Usage, UsageDay } from '../../../shared/protocol/read-usage.ts'
import { type Measured, sumOf } from '../../ui/amount-text.ts'

export const MEASURES = ['requests', 'tokens', 'premium', 'credits', 'cost'] as const
export type Measure = (typeof MEASURES)[number]

/** One bar. */
export interface DayValue {
  /** `2026-11-21`, UTC. */
  readonly day: string
  /** `undefined`: the relay tells requests of that day, but could not measure this. */
  readonly amount: Measured | undefined
  /** Whether the relay told of that day at all; a day without requests is a plain zero. */
  readonly isTold: boolean
}

/** How many days the month of a usage has, so that the chart shows how far it is. */
export function daysInMonth(month: string): number {
  const [year = 0, number = 1] = month.split('-').map(Number)
  return new Date(Date.UTC(year, number, 0)).getUTCDate()
}

/** Every day of the month up to today, also those without requests. */
export function dayValues(
  { days, month }: Pick<Usage, 'days' | 'month'>,
  measure: Measure,
  today: string,
): DayValue[] {
  const told = new Map(days.map((day) => [day.day, day]))
  return daysOf(month ?? today.slice(0, 7), today).map((day) => {
    const found = told.get(day)
    return {
      day,
      amount: found === undefined ? NOTHING : measureOf(found, measure),
      isTold: found !== undefined,
    }
  })
}

/** What at least one day has a value of; requests always. */
export function measuresOf({ days }: Pick<Usage, 'days'>): Measure[] {
  return MEASURES.filter(
    (measure) => measure === 'requests' || days.some((day) => (measureOf(day, measure)?.value ?? 0) > 0),
  )
}

export function measureOf(day: UsageDay, measure: Measure): Measured | undefined {
  switch (measure) {
    case 'requests':
      return { value: day.requests, unit: 'requests', source: '', estimate: false, unknown: 0 }
    case 'tokens':
      return sumOf(day.tokens?.input, day.tokens?.output)
    case 'premium':
      return day.premiumRequests
    case 'credits':
      return sumOf(day.credits?.reported, day.credits?.estimated)
    case 'cost':
      return day.cost
  }
}

const NOTHING: Measured = { value: 0, unit: '', source: '', estimate: false, unknown: 0 }

function daysOf(month: string, today: string): string[] {
  return Array.from(
    { length: daysInMonth(month) },
    (_, index) => `${month}-${String(index + 1).padStart(2, '0')}`,
  ).filter((day) => day <= today)
}
