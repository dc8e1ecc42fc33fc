import { z } from 'zod'

/** What an older relay does not tell is as unknown as what no relay can tell. */
const measured = z.number().nullable().default(null)

/** `GET /stats/requests` (admin): the newest requests first; no content, ever. */
export const recentRequestSchema = z.object({
  id: z.string(),
  /** ISO 8601 time when it was sent upstream. */
  startedAt: z.iso.datetime(),
  /** Milliseconds; null while it is on its way. */
  durationMs: measured,
  firstByteMs: measured,
  upstream: z.string(),
  endpoint: z.string(),
  model: z.string(),
  client: z.string().default('unknown'),
  stream: z.boolean(),
  /** `other`: a newer relay has a word for it that this version does not know. */
  outcome: z
    .enum(['in-flight', 'completed', 'failed', 'cancelled', 'truncated', 'lost', 'other'])
    .catch('other'),
  /** HTTP status of the upstream; null while there is none. */
  status: z.int().nullable().default(null),
  inputTokens: measured,
  outputTokens: measured,
  premiumRequests: measured,
  credits: measured,
  costUsd: measured,
})
export const recentRequestsSchema = z.object({
  generatedAt: z.iso.datetime(),
  requests: z.array(recentRequestSchema),
})
export type RecentRequest = z.infer<typeof recentRequestSchema>
export type RecentRequests = z.infer<typeof recentRequestsSchema>
