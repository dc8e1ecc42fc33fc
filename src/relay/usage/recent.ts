import type { RecentRequest } from '../../shared/protocol/recent-requests.ts'
import type { UsageRow } from './usage-row.ts'

/** More than a window shows; half a megabyte of JSON at most. */
export const RECENT_MAX = 200

/** The last requests that ended, in memory: whoever watches asks every few seconds. */
export class RecentRows {
  /** The newest last. */
  private rows: UsageRow[] = []

  add(row: UsageRow): void {
    this.rows.push(row)
    if (this.rows.length > RECENT_MAX) this.rows.shift()
  }

  /** Those of earlier runs; they are older than everything that is here. */
  addEarlier(rows: readonly UsageRow[]): void {
    const room = RECENT_MAX - this.rows.length
    if (room > 0) this.rows = [...rows.slice(-room), ...this.rows]
  }

  /** The newest first, with those that are still on their way. */
  list(open: readonly UsageRow[]): RecentRequest[] {
    return [...this.rows, ...open]
      .reverse()
      .sort((a, b) => b.at - a.at)
      .slice(0, RECENT_MAX)
      .map(asRecentRequest)
  }
}

function asRecentRequest(row: UsageRow): RecentRequest {
  const isMeasured = row.tokensSource === 'reported'
  const isKnown = (source: string | null): boolean => source !== null && source !== 'unknown'
  return {
    id: `${row.boot}-${row.seq}`,
    startedAt: new Date(row.at).toISOString(),
    durationMs: row.durationMs,
    firstByteMs: row.firstByteMs,
    upstream: row.upstream,
    endpoint: row.endpoint,
    model: row.model,
    client: row.client,
    stream: row.stream === 1,
    outcome: row.outcome === 'open' ? 'in-flight' : row.outcome,
    status: row.status,
    inputTokens: isMeasured ? row.input : null,
    outputTokens: isMeasured ? row.output : null,
    premiumRequests: isKnown(row.premiumSource) ? Number(row.premiumMicro) / 1e6 : null,
    credits: isKnown(row.creditsSource) ? Number(row.creditsNano) / 1e9 : null,
    costUsd: isKnown(row.costSource) ? Number(row.costPico) / 1e12 : null,
  }
}
