import type { Ambient } from '../../node/ambient.ts'
import type { Logger } from '../../node/log.ts'
import type { UsageSummary } from '../../shared/protocol/usage.ts'
import type { Route } from '../server/route.ts'
import type { UsageRecorder } from './recorder.ts'

export interface UsageOptions {
  /** Folder of usage.db; created when missing. */
  readonly dir: string
  readonly ambient: Ambient
  readonly log: Logger
  /** Whether the relay holds a Copilot credential right now; shown as `authenticated` in /stats. */
  readonly authenticated?: () => boolean
}

/** Counts what goes through the relay and tells about it. Owns the database and the open /stats streams. */
export interface Usage {
  readonly recorder: UsageRecorder
  /** `/stats`, `/stats/stream` and `/metrics`. */
  routes(): Route[]
  /** The parsed body of Copilot's `GET /models`; multipliers and token prices are read from it. */
  onModels(models: unknown): void
  /** The parsed body of `GET /copilot_internal/user`. */
  onQuota(snapshot: unknown): void
  /** This month so far. */
  summary(): UsageSummary
  /** Writes what is left and closes the database. Idempotent. */
  close(): void
}

export function openUsage(_options: UsageOptions): Usage {
  throw new Error('not there yet')
}
