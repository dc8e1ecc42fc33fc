import { isIP } from 'node:net'
import { z } from 'zod'
import { ollamaUrlMistake } from '../../shared/settings/ollama-url.ts'

export const ollamaUrl = z.string().superRefine((text, { addIssue }) => {
  const message = ollamaUrlMistake(text)
  if (message !== undefined) addIssue({ code: 'custom', message })
})

/** As Go reads it, such as `10m` or `1h30m`; negative is for ever. */
const GO_DURATION = /^-?(?:\d+(?:\.\d+)?(?:ms|s|m|h))+$|^0$/

const keepAlive = z.union(
  [
    z.number().int(),
    z.string().regex(GO_DURATION, 'has to be a time such as "10m" or "24h", or a number of seconds'),
  ],
  'has to be a time such as "10m" or "24h", or a number of seconds',
)

function hostMistake(text: string): string | undefined {
  const [, name = '', port] = /^(\[[^\]]+\]|[^:\s/]+)(?::(\d{1,5}))?$/.exec(text) ?? []
  const isName = /^[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9])?$/i.test(name)
  if (!isName && isIP(name.replace(/^\[|\]$/g, '')) === 0) return 'has to be a host, such as localhost:11434'
  return port !== undefined && Number(port) > 65_535 ? 'has a port beyond 65535' : undefined
}

/** The Ollama of the relay. */
export const ollamaSchema = z.object({
  url: ollamaUrl,
  /** Refuse whatever ollama.com would answer. */
  local_only: z.boolean().optional(),
  /** Names of models that clients may use; `*` stands for anything. */
  models: z.array(z.string().min(1).max(200)).min(1, 'must name one model at least').optional(),
  /** How long a model stays in memory after a request, whatever the client says. */
  keep_alive: keepAlive.optional(),
  /** Milliseconds without a byte, while it loads a model, reads a prompt or writes a tool call. */
  silence_ms: z.number().int().min(1000).max(86_400_000).optional(),
  /** OLLAMA_CONTEXT_LENGTH over there, for models that are not loaded: nothing else tells it. */
  context_length: z.number().int().min(512).max(16_777_216).optional(),
  /** Less context than this is warned about; 0 for never. */
  context_warning: z.number().int().min(0).max(16_777_216).optional(),
  /** `Host` header to send, where a proxy in between wants a certain one. */
  host: z
    .string()
    .superRefine((text, { addIssue }) => {
      const message = hostMistake(text)
      if (message !== undefined) addIssue({ code: 'custom', message })
    })
    .optional(),
})
export type OllamaConfig = z.infer<typeof ollamaSchema>
