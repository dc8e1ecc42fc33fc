import type { LimitSet } from '../../shared/protocol/limits.ts'
import type { LimitName, Unit } from '../../shared/protocol/usage.ts'
import { CREDIT_SCALE, PREMIUM_SCALE, parseDecimal, USD_SCALE } from '../usage/exact.ts'
import type { RequestFacts } from '../usage/recorder.ts'
import type { Totals } from '../usage/totals.ts'
import { isPrompt } from '../usage/usage-row.ts'

type Spent = Readonly<Totals>

/** What can be limited for a month, and how it is read from the sums of the accounting. */
export interface BudgetKind {
  readonly name: LimitName
  readonly unit: Unit
  /** 1 of the unit is 10^scale of what `spent` answers. */
  readonly scale: number
  /** What is known; see `unknown` in the report for the rest. */
  readonly spent: (totals: Spent) => bigint
  /** Whether a request can use any of it: a spent budget is no reason to refuse the others. */
  readonly concerns: (facts: RequestFacts) => boolean
}

const always = (): boolean => true
const isCopilot = ({ upstream }: RequestFacts): boolean => upstream === 'copilot'

export const BUDGET_KINDS: readonly BudgetKind[] = [
  {
    name: 'premium_requests',
    unit: 'premium requests',
    scale: PREMIUM_SCALE,
    spent: ({ premiumMicro }) => premiumMicro,
    // Follow-up calls of an agent and embeddings are not billed as such.
    concerns: (facts) => isCopilot(facts) && facts.initiator === 'user' && isPrompt(facts.endpoint),
  },
  {
    name: 'ai_credits',
    unit: 'AI credits',
    scale: CREDIT_SCALE,
    spent: ({ creditsReportedNano, creditsEstimatedNano }) => creditsReportedNano + creditsEstimatedNano,
    concerns: isCopilot,
  },
  {
    name: 'usd',
    unit: 'USD',
    scale: USD_SCALE,
    spent: ({ costPico }) => costPico,
    // Copilot bills credits, and what runs on one's own machine bills nothing.
    concerns: ({ upstream }) => upstream !== 'copilot' && upstream !== 'ollama',
  },
  {
    name: 'requests',
    unit: 'requests',
    scale: 0,
    spent: ({ requests }) => BigInt(requests),
    concerns: always,
  },
  {
    name: 'tokens',
    unit: 'tokens',
    scale: 0,
    // Cached and reasoning tokens are parts of these.
    spent: ({ input, output }) => BigInt(input + output),
    concerns: always,
  },
]

export interface Budget {
  readonly kind: BudgetKind
  /** As it stands in config.json. */
  readonly limit: number
  /** The same in the scale of the kind. */
  readonly exact: bigint
}

/** A set of limits, ready to be held against requests. */
export interface Rules {
  readonly perMinute: number | undefined
  readonly concurrent: number | undefined
  readonly budgets: readonly Budget[]
  readonly isDefault: boolean
}

export function rulesOf(set: LimitSet, isDefault: boolean): Rules {
  const budgets = BUDGET_KINDS.flatMap((kind): Budget[] => {
    const limit = set[kind.name]
    if (limit === undefined) return []
    return [{ kind, limit, exact: parseDecimal(limit, kind.scale) ?? 0n }]
  })
  return { perMinute: set.requests_per_minute, concurrent: set.concurrent, budgets, isDefault }
}
