import { z } from 'zod'
import { limitStateSchema } from './usage.ts'

/** What clients may use at once, within a minute and within a month; in config.json and over the admin socket. */

/** A window remembers this many times of day for each client. */
const PER_MINUTE_MAX = 10_000
/** Far beyond any plan; a larger number is a mistake. */
const AMOUNT_MAX = 1_000_000_000
const TOKENS_MAX = 1_000_000_000_000

const amount = z.number().min(0).max(AMOUNT_MAX)

/** What is left out has no limit. A monthly limit of 0 lets nothing through that would spend of it. */
export const limitSetSchema = z.object({
  /** In any 60 seconds. */
  requests_per_minute: z.int().min(1).max(PER_MINUTE_MAX).optional(),
  concurrent: z.int().min(1).max(PER_MINUTE_MAX).optional(),
  /** The rest is for a calendar month of UTC. */
  premium_requests: amount.optional(),
  ai_credits: amount.optional(),
  usd: amount.optional(),
  requests: z.int().min(0).max(AMOUNT_MAX).optional(),
  tokens: z.int().min(0).max(TOKENS_MAX).optional(),
})

/** `limits` of config.json. */
export const limitsConfigSchema = z.object({
  /** Of each client that stands not under `clients`, also of those without a token. */
  default: limitSetSchema.optional(),
  /** Of all clients together. */
  relay: limitSetSchema.optional(),
  /** By name, in place of the default. */
  clients: z.record(z.string(), limitSetSchema).optional(),
  /** Shares of a monthly limit at which the log warns. */
  alert_at: z.array(z.number().min(0.01).max(1)).max(10).optional(),
})

const { shape } = limitSetSchema
const changesSchema = z.strictObject({
  requests_per_minute: shape.requests_per_minute.nullable(),
  concurrent: shape.concurrent.nullable(),
  premium_requests: shape.premium_requests.nullable(),
  ai_credits: shape.ai_credits.nullable(),
  usd: shape.usd.nullable(),
  requests: shape.requests.nullable(),
  tokens: shape.tokens.nullable(),
})

/** `POST /admin/limits` */
export const changeLimitsSchema = z.strictObject({
  of: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('client'), name: z.string() }),
    z.strictObject({ kind: z.literal('default') }),
    z.strictObject({ kind: z.literal('relay') }),
  ]),
  /** What is changed: the limits that hold at the moment, none at all, or (clients) those of the default. */
  from: z.enum(['current', 'nothing', 'default']),
  /** Null takes a limit away. */
  changes: changesSchema,
})

/** The answer to `GET /admin/limits` and `POST /admin/limits`. */
export const limitsOverviewSchema = z.object({
  default: limitSetSchema,
  relay: limitSetSchema,
  /** Clients with limits of their own. */
  clients: z.record(z.string(), limitSetSchema),
  alertAt: z.array(z.number()),
  states: z.array(limitStateSchema),
  /** Why the last change will be gone after a restart; null when it is saved. */
  unsaved: z.string().nullable(),
})

export type LimitSet = z.infer<typeof limitSetSchema>
export type LimitChanges = z.infer<typeof changesSchema>
export type LimitsConfig = z.infer<typeof limitsConfigSchema>
export type ChangeLimits = z.infer<typeof changeLimitsSchema>
export type LimitsOverview = z.infer<typeof limitsOverviewSchema>
