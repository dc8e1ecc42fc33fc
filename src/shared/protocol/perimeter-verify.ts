import { z } from 'zod'

/** What a run of `sovereign perimeter verify` found, as it is kept for the bridge to show. */
export const verifyRecordSchema = z.object({
  version: z.literal(1),
  /** Milliseconds since the Unix epoch. */
  at: z.number(),
  /** The place that it was run from, such as `vpn`. */
  from: z.string().max(40),
  /** How many cells were as the policy says. */
  right: z.int().nonnegative(),
  /** How many were not. */
  wrong: z.int().nonnegative(),
  /** How many cannot be told apart from there. */
  unknown: z.int().nonnegative(),
})

export type VerifyRecord = z.infer<typeof verifyRecordSchema>
