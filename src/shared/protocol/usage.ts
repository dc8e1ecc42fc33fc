import { z } from 'zod'

/** What `GET /stats` answers: usage of a month, with unit, source and age on every number. */

const isoTime = z.iso.datetime()
const count = z.int().nonnegative()

/** How a number came about. `reported` was said by the upstream; `counted` by this relay. */
export const sourceSchema = z.enum([
  'counted by this relay',
  'reported by the upstream',
  'reported by Copilot',
  'estimated from live Copilot prices',
  'live Copilot model list',
  'live OpenRouter model list',
  'annual plan table of 2026-06',
  'premium request table before 2026-06',
  'mixed',
])

export const unitSchema = z.enum(['requests', 'tokens', 'premium requests', 'AI credits', 'USD'])

/**
 * One sum. `value` is for people; `exact` is the same as a decimal without rounding. `unknown` says how many
 * requests belong into the sum but could not be measured: the truth is at least `value`.
 */
export const amountSchema = z.object({
  value: z.number(),
  exact: z.string().regex(/^-?\d+(?:\.\d+)?$/),
  unit: unitSchema,
  source: sourceSchema,
  estimate: z.boolean(),
  unknown: count,
  /** Time of the newest request in the sum; null when there is none yet. */
  asOf: isoTime.nullable(),
})

export const tokensSchema = z.object({
  /** The whole prompt, cached parts included. */
  input: amountSchema,
  cachedInput: amountSchema,
  cacheWrite: amountSchema,
  /** Everything generated, reasoning included. */
  output: amountSchema,
  reasoning: amountSchema,
})

/** The sums of a group of requests. */
export const totalsSchema = z.object({
  requests: count,
  completed: count,
  failed: count,
  cancelled: count,
  truncated: count,
  /** Under way when an earlier run of the relay died. */
  lost: count,
  tokens: tokensSchema,
  premiumRequests: amountSchema,
  credits: z.object({ reported: amountSchema, estimated: amountSchema }),
  cost: amountSchema,
  lastRequestAt: isoTime.nullable(),
})

export const quotaSchema = z.object({
  /** `chat`, `completions`, `premium_interactions`, … */
  id: z.string(),
  /**
   * `limited`: entitlement and remaining mean something. `unlimited`: nothing is counted down. `used-only`: a
   * pooled seat; only what was used is known. `placeholder`: the upstream sent an empty row; not a quota.
   */
  kind: z.enum(['limited', 'unlimited', 'used-only', 'placeholder']),
  /** Null while Copilot has not said whether it counts credits or requests. */
  unit: unitSchema.nullable(),
  entitlement: z.number().nullable(),
  remaining: z.number().nullable(),
  used: z.number().nullable(),
  /** May be below zero when more was used than granted. */
  percentRemaining: z.number().nullable(),
  overage: z.number().nullable(),
  overagePermitted: z.boolean().nullable(),
  exhausted: z.boolean(),
  resetsAt: z.string().nullable(),
  source: z.enum(['Copilot user page', 'Copilot response header', 'Copilot response body']),
  asOf: isoTime,
})

export const accountSchema = z.object({
  plan: z.string().nullable(),
  /** Whether Copilot bills AI credits (true) or premium requests (false); null when it has not said. */
  tokenBased: z.boolean().nullable(),
  quotaResetDate: z.string().nullable(),
  asOf: isoTime.nullable(),
})

export const storageSchema = z.object({
  /** `memory`: nothing is kept over a restart. `behind`: writing fails at the moment and is tried again. */
  state: z.enum(['ok', 'behind', 'memory']),
  /** In words what is wrong or what was done at start; null when there is nothing to say. */
  notice: z.string().nullable(),
  unsaved: count,
  /** Given up because too much was waiting; the sums of this run still hold them. */
  dropped: count,
})

export const limitNameSchema = z.enum([
  'requests_per_minute',
  'concurrent',
  'premium_requests',
  'ai_credits',
  'usd',
  'requests',
  'tokens',
])

/** A limit of a client or of the relay as a whole, and how much of it is used. */
export const limitStateSchema = z.object({
  scope: z.enum(['client', 'relay']),
  /** Null for the relay as a whole. */
  client: z.string().nullable(),
  /** Whether it is the default for clients without limits of their own. */
  isDefault: z.boolean(),
  name: limitNameSchema,
  period: z.enum(['moment', 'minute', 'month']),
  unit: unitSchema,
  limit: z.number(),
  /** As far as it is known: `unknown` requests come on top. */
  used: z.number(),
  left: z.number(),
  /** Used part of the limit; above 1 where requests under way went beyond it. */
  share: z.number(),
  unknown: count,
  estimate: z.boolean(),
  source: sourceSchema,
  /** Time of the newest request in `used`; null when there is none. */
  asOf: isoTime.nullable(),
  /** `near`: an alert was due. `spent`: requests that would use more of it are refused. */
  state: z.enum(['ok', 'near', 'spent']),
  /** Null where room comes back by itself: as requests end, or within a minute. */
  resetsAt: isoTime.nullable(),
})

/** What every client may see; the first four are the fields of the first relays. */
export const summarySchema = z.object({
  /** Requests of this month. */
  requests: count,
  /** Known premium requests of this month; see `totals.premiumRequests` for what is unknown. */
  premium_requests_used: z.number(),
  authenticated: z.boolean(),
  /** Seconds since the relay started. */
  uptime: z.number(),
  /** UTC calendar month, `2026-11`. */
  month: z.string().regex(/^\d{4}-\d{2}$/),
  /** When the month ends and the sums begin again at zero. */
  resetsAt: isoTime,
  generatedAt: isoTime,
  inFlight: count,
  totals: totalsSchema,
  /** Where the bare counts (`requests`, `failed`, …) come from. */
  counts: z.object({
    unit: z.literal('requests'),
    source: z.literal('counted by this relay'),
    asOf: isoTime,
  }),
  /** Whether premium requests are what this account is billed by; null when Copilot has not said. */
  premiumRequestsApply: z.boolean().nullable(),
  /** Limits as they stand now: of the asking client and of the relay; all of them for admins. */
  limits: z.array(limitStateSchema),
  storage: storageSchema,
})

/** What tokens of a model cost by list price; long prompts may cost more. */
export const priceSchema = z.object({
  input: z.number().nonnegative(),
  cachedInput: z.number().nonnegative(),
  output: z.number().nonnegative(),
  unit: unitSchema,
  /** How many tokens the price is for. */
  perTokens: count,
  source: sourceSchema,
  /** Since when the list holds. */
  asOf: isoTime.nullable(),
})

export const detailsSchema = summarySchema.extend({
  models: z.array(
    totalsSchema.extend({
      upstream: z.string(),
      model: z.string(),
      multiplier: z.object({ value: z.number(), source: sourceSchema }).nullable(),
      /** Null where no list has a price for it. */
      price: priceSchema.nullable(),
    }),
  ),
  clients: z.array(totalsSchema.extend({ client: z.string() })),
  days: z.array(totalsSchema.extend({ day: z.string() })),
  account: accountSchema,
  quotas: z.array(quotaSchema),
})

export type Source = z.infer<typeof sourceSchema>
export type Unit = z.infer<typeof unitSchema>
export type Amount = z.infer<typeof amountSchema>
export type Price = z.infer<typeof priceSchema>
export type UsageTotals = z.infer<typeof totalsSchema>
export type Quota = z.infer<typeof quotaSchema>
export type Account = z.infer<typeof accountSchema>
export type LimitName = z.infer<typeof limitNameSchema>
export type LimitState = z.infer<typeof limitStateSchema>
export type StorageHealth = z.infer<typeof storageSchema>
export type UsageSummary = z.infer<typeof summarySchema>
export type UsageDetails = z.infer<typeof detailsSchema>
