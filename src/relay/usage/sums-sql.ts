import { COUNTS, type CountName, SUMS, type SumName } from './totals.ts'

/** SQL twin of `contribution` in totals.ts. */
export const EXPRESSIONS: Record<CountName | SumName, string> = {
  requests: 'count(*)',
  completed: "sum(outcome = 'completed')",
  failed: "sum(outcome = 'failed')",
  cancelled: "sum(outcome = 'cancelled')",
  truncated: "sum(outcome = 'truncated')",
  lost: "sum(outcome = 'lost')",
  tokensUnknown: "sum(tokens_source IS 'unknown')",
  input: 'sum(input)',
  cachedInput: 'sum(cached_input)',
  cacheWrite: 'sum(cache_write)',
  output: 'sum(output)',
  reasoning: 'sum(reasoning)',
  premiumLive: "sum(premium_source IS 'live')",
  premiumAnnual: "sum(premium_source IS 'annual')",
  premiumSeed: "sum(premium_source IS 'seed')",
  premiumUnknown: "sum(premium_source IS 'unknown')",
  creditsUnknown: "sum(credits_source IS 'unknown')",
  costUnknown: "sum(cost_source IS 'unknown')",
  premiumMicro: 'sum(premium_micro)',
  creditsReportedNano: "sum(iif(credits_source IS 'reported', credits_nano, 0))",
  creditsEstimatedNano: "sum(iif(credits_source IS 'estimated', credits_nano, 0))",
  costPico: 'sum(cost_pico)',
}

/** Names of all sums, in the order in which they stand in selects and in the table of days. */
export const SUM_NAMES: readonly (CountName | SumName)[] = [...COUNTS, ...SUMS]

/** Whether the upstream accepted the model. */
export const IS_REAL = 'coalesce(status BETWEEN 200 AND 299, 0)'
