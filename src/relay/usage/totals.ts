import type { UsageRow } from './usage-row.ts'

/** Plain counts; SQL and JavaScript must agree on each, see {@link contribution} and database.ts. */
export const COUNTS = [
  'requests',
  'completed',
  'failed',
  'cancelled',
  'truncated',
  'lost',
  'tokensUnknown',
  'input',
  'cachedInput',
  'cacheWrite',
  'output',
  'reasoning',
  'premiumLive',
  'premiumAnnual',
  'premiumSeed',
  'premiumUnknown',
  'creditsUnknown',
  'costUnknown',
] as const

/** Money and its like, as scaled integers. */
export const SUMS = ['premiumMicro', 'creditsReportedNano', 'creditsEstimatedNano', 'costPico'] as const

export type CountName = (typeof COUNTS)[number]
export type SumName = (typeof SUMS)[number]

export type Totals = Record<CountName, number> &
  Record<SumName, bigint> & {
    /** Start of the newest request in ms since the epoch; 0 when there is none. */
    lastAt: number
  }

export function emptyTotals(): Totals {
  return {
    requests: 0,
    completed: 0,
    failed: 0,
    cancelled: 0,
    truncated: 0,
    lost: 0,
    tokensUnknown: 0,
    input: 0,
    cachedInput: 0,
    cacheWrite: 0,
    output: 0,
    reasoning: 0,
    premiumLive: 0,
    premiumAnnual: 0,
    premiumSeed: 0,
    premiumUnknown: 0,
    creditsUnknown: 0,
    costUnknown: 0,
    premiumMicro: 0n,
    creditsReportedNano: 0n,
    creditsEstimatedNano: 0n,
    costPico: 0n,
    lastAt: 0,
  }
}

export function addTotals(target: Totals, more: Totals): void {
  for (const name of COUNTS) target[name] += more[name]
  for (const name of SUMS) target[name] += more[name]
  target.lastAt = Math.max(target.lastAt, more.lastAt)
}

/** What one ended request adds to the sums. */
export function contribution(row: UsageRow): Totals {
  const totals = emptyTotals()
  totals.requests = 1
  if (row.outcome !== 'open') totals[row.outcome] = 1
  if (row.tokensSource === 'unknown') totals.tokensUnknown = 1
  totals.input = row.input
  totals.cachedInput = row.cachedInput
  totals.cacheWrite = row.cacheWrite
  totals.output = row.output
  totals.reasoning = row.reasoning
  if (row.premiumSource === 'live') totals.premiumLive = 1
  if (row.premiumSource === 'annual') totals.premiumAnnual = 1
  if (row.premiumSource === 'seed') totals.premiumSeed = 1
  if (row.premiumSource === 'unknown') totals.premiumUnknown = 1
  totals.premiumMicro = row.premiumMicro
  if (row.creditsSource === 'reported') totals.creditsReportedNano = row.creditsNano
  if (row.creditsSource === 'estimated') totals.creditsEstimatedNano = row.creditsNano
  if (row.creditsSource === 'unknown') totals.creditsUnknown = 1
  totals.costPico = row.costPico
  if (row.costSource === 'unknown') totals.costUnknown = 1
  totals.lastAt = row.at
  return totals
}

export interface Labels {
  readonly upstream: string
  readonly model: string
  readonly client: string
  readonly day: string
  /** Whether the model may get a row of its own: an upstream accepted it, or its list names it. */
  readonly modelIsReal: boolean
}

/** Rows per table. Clients choose the model names they send, so what is beyond goes into one row, `other`. */
const ROWS_MAX = 200
export const OTHER = 'other'

/** Sums of one month (or of one run), whole and split three ways. Memory is bounded. */
export class Breakdown {
  readonly total = emptyTotals()
  readonly clients = new Map<string, Totals>()
  readonly days = new Map<string, Totals>()
  private readonly byModel = new Map<string, Totals>()

  add(labels: Labels, more: Totals): void {
    addTotals(this.total, more)
    addTotals(row(this.clients, labels.client, true), more)
    addTotals(row(this.days, labels.day, true), more)
    const key = modelRowKey(labels.upstream, labels.model)
    // `other` is kept apart by upstream, because units differ between them.
    const known = this.byModel.has(key) || (labels.modelIsReal && this.byModel.size < ROWS_MAX)
    addTotals(row(this.byModel, known ? key : modelRowKey(labels.upstream, OTHER), false), more)
  }

  models(): { readonly upstream: string; readonly model: string; readonly totals: Totals }[] {
    return [...this.byModel].map(([key, totals]) => {
      const split = key.indexOf(' ')
      return { upstream: key.slice(0, split), model: key.slice(split + 1), totals }
    })
  }
}

/** Upstream names hold no space. */
function modelRowKey(upstream: string, model: string): string {
  return `${upstream} ${model}`
}

function row(rows: Map<string, Totals>, key: string, bounded: boolean): Totals {
  const name = bounded && !rows.has(key) && rows.size >= ROWS_MAX ? OTHER : key
  let totals = rows.get(name)
  if (totals === undefined) {
    totals = emptyTotals()
    rows.set(name, totals)
  }
  return totals
}
