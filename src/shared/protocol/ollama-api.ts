import { z } from 'zod'
import type { LoadedModel, OllamaModel } from '../state/ollama.ts'

/** What coding agents need to keep a conversation; shorter prompts are cut without a word. */
export const LEAST_CONTEXT = 64_000

const text = z.string().optional().catch(undefined)
const amount = z.number().nonnegative().optional().catch(undefined)
const model = z.looseObject({
  name: z.string(),
  size: amount,
  remote_host: text,
  remote_model: text,
  details: z.looseObject({ parameter_size: text, quantization_level: text }).optional().catch(undefined),
})
const loaded = z.looseObject({
  name: z.string(),
  size_vram: amount,
  context_length: amount,
  expires_at: text,
})

/** `GET /api/version`. https://github.com/ollama/ollama/blob/main/docs/api.md */
export const ollamaVersionSchema = z.looseObject({ version: z.string().max(100) })
/** `GET /api/tags` */
export const ollamaTagsSchema = z.looseObject({ models: z.array(model).nullish() })
/** `GET /api/ps` */
export const ollamaPsSchema = z.looseObject({ models: z.array(loaded).nullish() })
/** `GET /v1/models`, in the form of OpenAI. */
export const ollamaListSchema = z.looseObject({
  object: z.literal('list'),
  data: z.array(z.looseObject({ id: z.string() })).nullish(),
})

/** What is installed. */
export function installedModels({ models }: z.infer<typeof ollamaTagsSchema>): OllamaModel[] {
  return (models ?? []).map(({ name, size, remote_host, remote_model, details }) => ({
    name,
    sizeBytes: size,
    parameters: details?.parameter_size || undefined,
    quantization: details?.quantization_level || undefined,
    isCloud: remote_host !== undefined || remote_model !== undefined || isCloudName(name),
  }))
}

/** What is in memory. */
export function loadedModels({ models }: z.infer<typeof ollamaPsSchema>): LoadedModel[] {
  return (models ?? []).map(({ name, size_vram, context_length, expires_at }) => {
    const expiresAt = expires_at === undefined ? Number.NaN : Date.parse(expires_at)
    return {
      name,
      vramBytes: size_vram,
      contextLength: context_length,
      hasShortContext: context_length !== undefined && context_length < LEAST_CONTEXT,
      expiresAt: Number.isNaN(expiresAt) ? undefined : expiresAt,
    }
  })
}

/**
 * Whether the name alone says that ollama.com answers, such as `gpt-oss:120b-cloud` or `glm-4.6:cloud`, whatever is
 * installed.
 * https://github.com/ollama/ollama/blob/main/internal/modelref/modelref.go
 */
export function isCloudName(name: string): boolean {
  const tag = name.slice(name.lastIndexOf(':') + 1).toLowerCase()
  return name.includes(':') && (tag === 'cloud' || (tag.endsWith('-cloud') && !tag.includes('/')))
}
