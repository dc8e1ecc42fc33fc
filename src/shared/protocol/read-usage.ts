import { z } from 'zod'

/**
 * The usage that a relay tells, as far as a face understands it. Relays are older or newer than the face: what
 * is missing is `undefined` and shown as unknown, what is new is left out, and one bad row takes no other with it.
 */
const count = z.number().nonnegative().catch(0)
const text = z.string().max(100_000)
const isoTime = text.refine((value) => !Number.isNaN(Date.parse(value)))

function optional<Schema extends z.ZodType>(schema: Schema): z.ZodCatch<z.ZodOptional<Schema>> {
  return schema.optional().catch(undefined)
}

function rows<Schema extends z.ZodType>(schema: Schema): z.ZodType<z.output<Schema>[], unknown> {
  return z
    .array(z.unknown())
    .catch([])
    .transform((items) => items.flatMap((item) => schema.safeParse(item).data ?? []))
}

const amountSchema = z.object({
  value: z.number(),
  unit: text,
  source: text.catch(''),
  estimate: z.boolean().catch(false),
  /** Requests that belong into the sum and could not be measured. */
  unknown: count,
  asOf: optional(isoTime),
})

const totalsSchema = z.object({
  requests: count,
  failed: count,
  cancelled: count,
  truncated: count,
  lost: count,
  tokens: optional(
    z.object({
      input: optional(amountSchema),
      cachedInput: optional(amountSchema),
      output: optional(amountSchema),
      reasoning: optional(amountSchema),
    }),
  ),
  premiumRequests: optional(amountSchema),
  credits: optional(z.object({ reported: optional(amountSchema), estimated: optional(amountSchema) })),
  cost: optional(amountSchema),
  lastRequestAt: optional(isoTime),
})

const priceSchema = z.object({
  input: z.number().nonnegative(),
  output: z.number().nonnegative(),
  unit: text,
  perTokens: z.number().positive(),
  source: text.catch(''),
  asOf: optional(isoTime),
})

const quotaSchema = z.object({
  id: text,
  kind: z.enum(['limited', 'unlimited', 'used-only', 'placeholder']),
  unit: optional(text),
  entitlement: optional(z.number()),
  used: optional(z.number()),
  percentRemaining: optional(z.number()),
  overage: optional(z.number()),
  overagePermitted: optional(z.boolean()),
  exhausted: z.boolean().catch(false),
  resetsAt: optional(isoTime),
  source: text.catch(''),
  asOf: optional(isoTime),
})

const limitSchema = z.object({
  scope: z.enum(['client', 'relay']),
  client: optional(text),
  isDefault: z.boolean().catch(false),
  name: text,
  period: z.enum(['moment', 'minute', 'month']),
  unit: text,
  limit: z.number(),
  used: z.number(),
  unknown: count,
  estimate: z.boolean().catch(false),
  state: z.enum(['ok', 'near', 'spent']).catch('ok'),
  resetsAt: optional(isoTime),
})

const usageSchema = z.object({
  requests: count,
  /** `2026-11` in UTC; relays without it count since they were started. */
  month: optional(z.string().regex(/^\d{4}-\d{2}$/)),
  resetsAt: optional(isoTime),
  generatedAt: optional(isoTime),
  inFlight: optional(z.number()),
  totals: optional(totalsSchema),
  premiumRequestsApply: optional(z.boolean()),
  storage: optional(z.object({ state: text, notice: optional(text), unsaved: count, dropped: count })),
  models: rows(
    totalsSchema.extend({
      upstream: text,
      model: text,
      multiplier: optional(z.object({ value: z.number(), source: text.catch('') })),
      price: optional(priceSchema),
    }),
  ),
  clients: rows(totalsSchema.extend({ client: text })),
  days: rows(totalsSchema.extend({ day: z.string().regex(/^\d{4}-\d{2}-\d{2}$/) })),
  account: optional(
    z.object({
      plan: optional(text),
      tokenBased: optional(z.boolean()),
      quotaResetDate: optional(text),
      asOf: optional(isoTime),
    }),
  ),
  quotas: rows(quotaSchema),
  limits: rows(limitSchema),
})

export type Usage = z.output<typeof usageSchema>
export type UsageAmount = z.output<typeof amountSchema>
export type UsageTotals = z.output<typeof totalsSchema>
export type UsagePrice = z.output<typeof priceSchema>
export type UsageModel = Usage['models'][number]
export type UsageClient = Usage['clients'][number]
export type UsageDay = Usage['days'][number]
export type UsageQuota = z.output<typeof quotaSchema>
export type UsageLimit = z.output<typeof limitSchema>

/** @returns undefined when it is no usage at all. */
export function readUsage(answer: unknown): Usage | undefined {
  return usageSchema.safeParse(answer).data
}
