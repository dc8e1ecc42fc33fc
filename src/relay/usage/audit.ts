import type { UsageRow } from './usage-row.ts'

/** What the log keeps of an inference request: who, what, how it went and how much. Nothing of its content. */
export function auditOf(row: UsageRow, requestId: string | undefined): Readonly<Record<string, unknown>> {
  const isMeasured = row.tokensSource === 'reported'
  return {
    requestId,
    client: row.client,
    upstream: row.upstream,
    endpoint: row.endpoint,
    model: row.model,
    outcome: row.outcome,
    status: row.status,
    inputTokens: isMeasured ? row.input : null,
    outputTokens: isMeasured ? row.output : null,
    ms: row.durationMs === null ? null : Math.round(row.durationMs),
  }
}
