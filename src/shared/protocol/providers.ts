import { z } from 'zod'

/** Provider administration of the relay, spoken over its admin socket. */

export const providerInfoSchema = z.object({
  name: z.string(),
  baseUrl: z.string(),
  /** Where the key comes from, in words; never the key. */
  key: z.string(),
  /** Names of the headers that are added; their values may be secrets. */
  headers: z.array(z.string()),
  wires: z.array(z.string()),
  /** Those named in config.json; null where the provider is asked. */
  models: z.array(z.string()).nullable(),
  /** Why it cannot be used. */
  problem: z.object({ code: z.string(), message: z.string(), remedy: z.string() }).nullable(),
})

/** `GET /admin/providers`; also the answer to `POST /admin/providers` and `DELETE /admin/providers/NAME`. */
export const providerListSchema = z.object({
  providers: z.array(providerInfoSchema),
  /** Upstream of models without a prefix. */
  defaultUpstream: z.string(),
  /** Set when the last change could not be written to config.json. */
  unsaved: z.string().optional(),
})

export type ProviderInfo = z.infer<typeof providerInfoSchema>
export type ProviderList = z.infer<typeof providerListSchema>
