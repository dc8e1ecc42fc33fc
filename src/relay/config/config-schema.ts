import { z } from 'zod'
import { limitsConfigSchema } from '../../shared/protocol/limits.ts'
import { headersSchema } from './header-schema.ts'
import { ollamaSchema, ollamaUrl } from './ollama-schema.ts'
import { providersSchema, routingSchema } from './provider-schema.ts'

const port = z.number().int().min(1).max(65_535)
const duration = z.number().int().min(10).max(86_400_000)
const baseUrl = z.url({
  protocol: /^https?$/,
  error: 'has to be an address that begins with http:// or https://',
})

/** config.json of the relay. Unknown keys are kept when the file is rewritten, and reported when it is read. */
export const configSchema = z.object({
  site_url: z.string().optional(),
  site_name: z.string().optional(),
  openrouter_api_key: z.string().optional(),
  github_oauth_token: z.string().optional(),
  relay: z
    .object({
      /** Read by older set-ups only. */
      enabled: z.boolean().optional(),
      mode: z.string().optional(),
      port: port.optional(),
      host: z.string().min(1).optional(),
      allowed_paths: z.array(z.string().startsWith('/', 'has to begin with /')).optional(),
      allowed_hosts: z.array(z.string().min(1)).optional(),
      allow_remote: z.boolean().optional(),
      /** Paths of PEM files, from the folder of config.json. */
      tls: z
        .object({
          cert: z.string().min(1).optional(),
          key: z.string().min(1).optional(),
          client_ca: z.string().min(1).optional(),
        })
        .optional(),
      max_body_bytes: z.number().int().min(1024).max(1_073_741_824).optional(),
      limits: z
        .object({
          heartbeat_ms: duration.optional(),
          first_byte_ms: duration.optional(),
          between_bytes_ms: duration.optional(),
          content_stall_ms: duration.optional(),
          whole_reply_ms: duration.optional(),
        })
        .optional(),
    })
    .optional(),
  copilot: z
    .object({
      identity: z.enum(['own', 'vscode']).optional(),
      route: z.enum(['direct', 'exchange']).optional(),
      client_id: z.string().min(1).optional(),
      scope: z.string().optional(),
      headers: headersSchema.optional(),
    })
    .optional(),
  upstreams: z
    .object({
      github: baseUrl.optional(),
      github_api: baseUrl.optional(),
      copilot: baseUrl.optional(),
      openrouter: baseUrl.optional(),
      ollama: ollamaUrl.optional(),
    })
    .optional(),
  ollama: ollamaSchema.optional(),
  providers: providersSchema.optional(),
  routing: routingSchema.optional(),
  limits: limitsConfigSchema.optional(),
  usage: z
    .object({
      /** Days for which every single request is kept; older ones live on in sums by day. */
      keep_days: z.number().int().min(31).max(36_500).optional(),
    })
    .optional(),
})

export type RelayConfig = z.infer<typeof configSchema>

/** Keys of the older editions that this relay has no use for; they are no mistake. */
const KNOWN_BUT_UNUSED = new Set([
  'tier',
  'models',
  'preferences',
  'security',
  'tool_permissions',
  '$schema',
  'relay.rate_limit',
])

/** Dotted paths of keys that mean nothing here: usually a typing mistake. */
export function unknownKeys(value: unknown): readonly string[] {
  return collect(value, configSchema, '')
}

function collect(value: unknown, schema: z.ZodType, prefix: string): readonly string[] {
  const inner = schema instanceof z.ZodOptional ? schema.unwrap() : schema
  if (inner instanceof z.ZodRecord && typeof value === 'object' && value !== null) {
    const { valueType } = inner
    if (!(valueType instanceof z.ZodObject)) return []
    return Object.entries(value).flatMap(([key, child]) =>
      // A name that the schema passes over without a word.
      key === '__proto__' ? [`${prefix}.${key}`] : collect(child, valueType, `${prefix}.${key}`),
    )
  }
  if (!(inner instanceof z.ZodObject) || typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, child]) => {
    const path = prefix === '' ? key : `${prefix}.${key}`
    const childSchema: unknown = inner.shape[key]
    if (childSchema instanceof z.ZodType) return collect(child, childSchema, path)
    return KNOWN_BUT_UNUSED.has(path) ? [] : [path]
  })
}
