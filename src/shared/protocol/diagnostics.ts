import { z } from 'zod'

/** One thing that was looked at, and how it is. */
export const checkSchema = z.object({
  /** Stable, such as `keychain` or `client.builder.path`. */
  id: z.string(),
  title: z.string(),
  status: z.enum(['ok', 'warning', 'failed', 'skipped']),
  /** What was found, with the names and numbers. */
  detail: z.string(),
  /** What to do about it. */
  fix: z.string().optional(),
})
export const checksSchema = z.object({ at: z.number(), checks: z.array(checkSchema) })

/** The report that a person may hand on: already redacted, and shown before it is saved. */
export const reportSchema = z.object({
  fileName: z.string(),
  files: z.array(
    z.object({
      name: z.string(),
      text: z.string(),
      /** How many secrets, addresses and names were taken out. */
      redactions: z.int().nonnegative(),
    }),
  ),
  /** The same as a zip. */
  zipBase64: z.base64(),
})

export type Check = z.infer<typeof checkSchema>
export type Checks = z.infer<typeof checksSchema>
export type Report = z.infer<typeof reportSchema>
