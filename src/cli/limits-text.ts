import type { LimitSet, LimitsOverview } from '../shared/protocol/limits.ts'
import type { LimitState } from '../shared/protocol/usage.ts'
import { ago, type Column, textTable } from './text-table.ts'

/** Limits with what is used and left of them, and what holds for everybody else. */
export function describeLimits(overview: LimitsOverview, now: number): string {
  const { states } = overview
  const parts = states.length === 0 ? [] : [textTable(columns(now), states)]
  const free = Object.keys(overview.clients).filter((name) => isEmpty(overview.clients[name]))
  if (free.length > 0) parts.push(`Without any limit of their own: ${free.join(', ')}.`)
  parts.push(
    isEmpty(overview.default)
      ? 'Clients without limits of their own have none.'
      : `Each client without limits of its own: ${describeSet(overview.default)}.`,
  )
  if (overview.unsaved !== null) parts.push(unsavedLine(overview.unsaved))
  return parts.join('\n\n')
}

/** `60 requests a minute, 5 USD a month`; `no limits`. */
export function describeSet(set: LimitSet): string {
  const parts = PARTS.flatMap(([name, words]) => {
    const limit = set[name]
    return limit === undefined
      ? []
      : [`${number(limit)} ${limit === 1 ? words.replace('requests', 'request') : words}`]
  })
  return parts.length === 0 ? 'no limits' : parts.join(', ')
}

export function unsavedLine(reason: string): string {
  return `This holds until the relay is restarted: ${reason}`
}

/** One line for each monthly limit that is nearly or wholly used up. */
export function limitWarnings(states: readonly LimitState[]): string[] {
  return states
    .filter(({ period, state }) => period === 'month' && state !== 'ok')
    .map((limit) => {
      const who = limit.client === null ? 'All clients together' : `Client ${nameOf(limit)}`
      const sum = `${number(limit.used)} of ${number(limit.limit)} ${limit.unit}`
      const until = limit.resetsAt === null ? '' : ` until ${limit.resetsAt.slice(0, 10)} 00:00 UTC`
      return limit.state === 'spent'
        ? `LIMIT SPENT: ${who}: ${sum}. What would use more is refused${until}.`
        : `Limit near: ${who}: ${sum} (${Math.floor(limit.share * 100)} %).`
    })
}

const PARTS: readonly (readonly [keyof LimitSet, string])[] = [
  ['requests_per_minute', 'requests a minute'],
  ['concurrent', 'requests at once'],
  ['usd', 'USD a month'],
  ['ai_credits', 'AI credits a month'],
  ['premium_requests', 'premium requests a month'],
  ['requests', 'requests a month'],
  ['tokens', 'tokens a month'],
]

function columns(now: number): readonly Column<LimitState>[] {
  return [
    { title: 'WHO', text: (limit) => `${nameOf(limit)}${limit.isDefault ? ' (default)' : ''}` },
    { title: 'LIMIT', align: 'right', text: ({ limit }) => number(limit) },
    { title: 'OF', text: ({ unit, period }) => `${unit} ${PERIODS[period]}` },
    {
      title: 'USED',
      align: 'right',
      text: ({ used, unknown }) => `${number(used)}${unknown > 0 ? '+?' : ''}`,
    },
    { title: 'LEFT', align: 'right', text: ({ left }) => number(left) },
    { title: 'STATE', text: ({ state }) => state },
    { title: 'RESETS', text: ({ resetsAt, period }) => resetsAt?.slice(0, 10) ?? RETURNS[period] },
    { title: 'SOURCE', text: ({ source, estimate }) => (estimate ? `estimate, ${source}` : source) },
    { title: 'AGE', text: ({ asOf }) => ago(asOf, now) },
  ]
}

const PERIODS = { moment: 'at once', minute: 'a minute', month: 'a month' } as const
const RETURNS = { moment: 'as they end', minute: 'within 60 s', month: '' } as const

function nameOf({ client }: LimitState): string {
  if (client === null) return 'whole relay'
  return client === 'unknown' ? '(without token)' : client
}

function isEmpty(set: LimitSet | undefined): boolean {
  return set === undefined || Object.keys(set).length === 0
}

function number(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 4 })
}
