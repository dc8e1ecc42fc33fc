import type { Amount, LimitState, UsageTotals } from '../../shared/protocol/usage.ts'
import { formatDecimal } from '../usage/exact.ts'
import { reportTotals } from '../usage/report.ts'
import type { Totals } from '../usage/totals.ts'
import type { Budget, BudgetKind, Rules } from './budgets.ts'
import type { Holder } from './limit-reached.ts'

/** How a holder of limits stands at the moment. */
export interface Standing {
  readonly holder: Holder
  readonly rules: Rules
  readonly totals: Readonly<Totals>
  /** Requests within the last minute. */
  readonly lastMinute: number
  readonly underWay: number
  readonly generatedAt: string
  readonly resetsAt: string
  /** Share from which on a limit counts as nearly used up. */
  readonly nearAt: number
}

/** Requests under way count as used, since each will be one; of the other units nobody knows yet. */
export function spentOf(kind: BudgetKind, totals: Readonly<Totals>, underWay: number): bigint {
  return kind.spent(totals) + (kind.name === 'requests' ? BigInt(underWay) : 0n)
}

export function monthlyStates(standing: Standing): LimitState[] {
  const { rules, totals } = standing
  if (rules.budgets.length === 0) return []
  const measured = measures(reportTotals(totals))
  return rules.budgets.map((budget) => monthly(standing, budget, measured))
}

export function limitStates(standing: Standing): LimitState[] {
  const { rules, lastMinute, underWay } = standing
  const states: LimitState[] = []
  if (rules.perMinute !== undefined)
    states.push(momentary(standing, 'requests_per_minute', rules.perMinute, lastMinute))
  if (rules.concurrent !== undefined)
    states.push(momentary(standing, 'concurrent', rules.concurrent, underWay))
  return [...states, ...monthlyStates(standing)]
}

type Measure = Pick<Amount, 'source' | 'unknown' | 'estimate'>

const COUNTED: Measure = { source: 'counted by this relay', unknown: 0, estimate: false }

function measures({
  tokens,
  premiumRequests,
  credits,
  cost,
}: UsageTotals): Readonly<Record<string, Measure>> {
  const isEstimated = credits.estimated.value > 0
  const bothCredits: Measure = {
    ...(isEstimated ? credits.estimated : credits.reported),
    ...(isEstimated && credits.reported.value > 0 ? { source: 'mixed' } : {}),
  }
  return {
    premium_requests: premiumRequests,
    ai_credits: bothCredits,
    usd: cost,
    requests: COUNTED,
    tokens: tokens.input,
  }
}

function monthly(
  standing: Standing,
  budget: Budget,
  measured: Readonly<Record<string, Measure>>,
): LimitState {
  const { kind, limit, exact } = budget
  const { totals } = standing
  const spent = spentOf(kind, totals, standing.underWay)
  const { source, unknown, estimate } = measured[kind.name] ?? COUNTED
  const left = exact > spent ? exact - spent : 0n
  return {
    ...whose(standing),
    name: kind.name,
    period: 'month',
    unit: kind.unit,
    ...amounts(standing, limit, Number(formatDecimal(spent, kind.scale)), spent >= exact),
    left: Number(formatDecimal(left, kind.scale)),
    unknown,
    estimate,
    source,
    asOf: totals.lastAt === 0 ? null : new Date(totals.lastAt).toISOString(),
    resetsAt: standing.resetsAt,
  }
}

function momentary(
  standing: Standing,
  name: 'requests_per_minute' | 'concurrent',
  limit: number,
  used: number,
): LimitState {
  return {
    ...whose(standing),
    name,
    period: name === 'concurrent' ? 'moment' : 'minute',
    unit: 'requests',
    ...amounts(standing, limit, used, used >= limit),
    left: Math.max(0, limit - used),
    ...COUNTED,
    asOf: standing.generatedAt,
    resetsAt: null,
  }
}

function whose({ holder, rules }: Standing): Pick<LimitState, 'scope' | 'client' | 'isDefault'> {
  if (holder === undefined) return { scope: 'relay', client: null, isDefault: false }
  return { scope: 'client', client: holder, isDefault: rules.isDefault }
}

function amounts(
  { nearAt }: Standing,
  limit: number,
  used: number,
  isSpent: boolean,
): Pick<LimitState, 'limit' | 'used' | 'share' | 'state'> {
  const share = limit === 0 ? 1 : used / limit
  return { limit, used, share, state: isSpent ? 'spent' : share >= nearAt ? 'near' : 'ok' }
}
