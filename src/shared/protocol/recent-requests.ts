import { z } from 'zod'

/** `GET /stats/requests` (admin): the newest requests first; no content, ever. */
export const recentRequestSchema = z.object({
  id: z.string(),
  /** ISO 8601 time when it was sent upstream. */
  startedAt: z.iso.datetime(),
  /** Milliseconds; null while it is on its way. */
  durationMs: z.number().nullable(),
  firstByteMs: z.number().nullable(),
  upstream: z.string(),
  endpoint: z.string(),
  model: z.string(),
  client: z.string(),
  stream: z.boolean(),
  outcome: z.enum(['in-flight', 'completed', 'failed', 'cancelled', 'truncated', 'lost']),
  /** HTTP status of the upstream; null while there is none. */
  status: z.int().nullable(),
  inputTokens: z.number().nullable(),
  outputTokens: z.number().nullable(),
  premiumRequests: z.number().nullable(),
  credits: z.number().nullable(),
  costUsd: z.number().nullable(),
})
export const recentRequestsSchema = z.object({
  generatedAt: z.iso.datetime(),
  requests: z.array(recentRequestSchema),
})
export type RecentRequest = z.infer<typeof recentRequestSchema>
export type RecentRequests = z.infer<typeof recentRequestsSchema>
