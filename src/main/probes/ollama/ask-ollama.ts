import { z } from 'zod'
import { AppError } from '../../../shared/errors/app-error.ts'
import type { LoadedModel, OllamaModel } from '../../../shared/state/ollama.ts'
import { unansweredOllama, unusableAnswer } from './ollama-failure.ts'

/** What an Ollama says of itself. */
export interface OllamaFacts {
  readonly version: string
  readonly models: readonly OllamaModel[]
  readonly loaded: readonly LoadedModel[]
}

/** Ten thousand models are some five megabytes. */
const ANSWER_MAX_BYTES = 16 * 1024 * 1024
/** What coding agents need to keep a conversation; shorter prompts are cut without a word. */
const LEAST_CONTEXT = 64_000

const versionSchema = z.looseObject({ version: z.string().max(100) })
const text = z.string().optional().catch(undefined)
const amount = z.number().nonnegative().optional().catch(undefined)
const modelSchema = z.looseObject({
  name: z.string(),
  size: amount,
  remote_host: text,
  remote_model: text,
  details: z.looseObject({ parameter_size: text, quantization_level: text }).optional().catch(undefined),
})
const loadedSchema = z.looseObject({
  name: z.string(),
  size_vram: amount,
  context_length: amount,
  expires_at: text,
})
const tagsSchema = z.looseObject({ models: z.array(modelSchema).nullish() })
const psSchema = z.looseObject({ models: z.array(loadedSchema).nullish() })

/**
 * Asks for version, installed and loaded models; costs the server nothing.
 * https://github.com/ollama/ollama/blob/main/docs/api.md
 *
 * @throws AppError `ollama.…`
 */
export async function askOllama(baseUrl: string, signal: AbortSignal): Promise<OllamaFacts> {
  const base = new URL(baseUrl)
  // First alone: where it fails, the others would fail in the same way.
  const { version } = await ask(base, '/api/version', versionSchema, signal)
  const [tags, ps] = await Promise.all([
    ask(base, '/api/tags', tagsSchema, signal),
    ask(base, '/api/ps', psSchema, signal),
  ])
  return {
    version,
    models: (tags.models ?? []).map(modelOf),
    loaded: (ps.models ?? []).map(loadedOf),
  }
}

async function ask<T>(base: URL, path: string, shape: z.ZodType<T>, signal: AbortSignal): Promise<T> {
  const url = new URL(`${base.pathname.replace(/\/$/, '')}${path}`, base)
  let response: Response
  let body: string
  try {
    // One that is kept open may have died since the last question, which would say nothing about the server.
    const headers = { accept: 'application/json', connection: 'close' }
    response = await fetch(url, { headers, redirect: 'manual', signal })
    body = await readBody(response)
  } catch (error) {
    throw unansweredOllama(base, error)
  }
  const parsed = response.status === 200 ? shape.safeParse(parseJson(body)) : undefined
  if (parsed?.success === true) return parsed.data
  throw unusableAnswer(base, path, { status: response.status, headers: response.headers, body })
}

async function readBody(response: Response): Promise<string> {
  const pieces: Uint8Array[] = []
  let size = 0
  for await (const piece of response.body ?? []) {
    size += piece.length
    if (size > ANSWER_MAX_BYTES) throw new AppError('ollama.not-ollama', 'The answer has no end.')
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString('utf8')
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}

function modelOf({
  name,
  size,
  remote_host,
  remote_model,
  details,
}: z.infer<typeof modelSchema>): OllamaModel {
  return {
    name,
    sizeBytes: size,
    parameters: details?.parameter_size || undefined,
    quantization: details?.quantization_level || undefined,
    isCloud: remote_host !== undefined || remote_model !== undefined || /[:-]cloud$/.test(name),
  }
}

function loadedOf({
  name,
  size_vram,
  context_length,
  expires_at,
}: z.infer<typeof loadedSchema>): LoadedModel {
  const expiresAt = expires_at === undefined ? Number.NaN : Date.parse(expires_at)
  return {
    name,
    vramBytes: size_vram,
    contextLength: context_length,
    hasShortContext: context_length !== undefined && context_length < LEAST_CONTEXT,
    expiresAt: Number.isNaN(expiresAt) ? undefined : expiresAt,
  }
}
