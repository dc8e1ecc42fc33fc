import type { LimitState } from '../../shared/protocol/usage.ts'

export interface LimitRefusals {
  /** Null where the limit of the whole relay was in the way. */
  readonly client: string | null
  readonly code: string
  readonly count: number
}

/** What statistics tell about limits. */
export interface LimitsView {
  /** Those of a client and those of the whole relay. */
  of(client: string): LimitState[]
  all(): LimitState[]
  /** Since the relay started. */
  refusals(): readonly LimitRefusals[]
}

export const NO_LIMITS: LimitsView = { of: () => [], all: () => [], refusals: () => [] }
