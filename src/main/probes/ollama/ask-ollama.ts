import type { z } from 'zod'
import type { Failure } from '../../../shared/errors/app-error.ts'
import {
  installedModels,
  loadedModels,
  ollamaListSchema,
  ollamaPsSchema,
  ollamaTagsSchema,
  ollamaVersionSchema,
} from '../../../shared/protocol/ollama-api.ts'
import type { LoadedModel, OllamaModel } from '../../../shared/state/ollama.ts'
import type { Attempt } from './connect-failure.ts'
import { exchange, type HttpReply } from './exchange.ts'
import { explainOllama } from './explain-ollama.ts'
import { notesOn } from './ollama-notes.ts'
import { type OllamaWay, straight } from './ollama-way.ts'
import { realSurroundings, type Surroundings } from './surroundings.ts'
import { unusableAnswer } from './unusable-answer.ts'

/** What an Ollama says of itself. */
export interface OllamaFacts {
  readonly version: string
  readonly models: readonly OllamaModel[]
  readonly loaded: readonly LoadedModel[]
  /** Models in the list that clients ask for, `/v1/models`; undefined where a version is too old to have one. */
  readonly listed: number | undefined
  /** What works now and will not do for everything. */
  readonly notes: readonly Failure[]
}

export interface AskOptions {
  readonly way?: OllamaWay
  readonly around?: Surroundings
  /** Whether to ask if it is signed in to its cloud, for which it asks ollama.com. */
  readonly asksAccount?: boolean
}

type Ask = <T>(path: string, shape: z.ZodType<T>) => Promise<T>

/**
 * Asks for version, installed and loaded models, and for the list of models as a client would; costs the server
 * nothing. https://github.com/ollama/ollama/blob/main/docs/api.md
 *
 * @throws AppError `ollama.…`, `ssh.…`
 */
export async function askOllama(
  baseUrl: string,
  signal: AbortSignal,
  { around = realSurroundings(), asksAccount = false, way = straight(around) }: AskOptions = {},
): Promise<OllamaFacts> {
  const base = new URL(baseUrl)
  let skipped: readonly Attempt[] = []
  const reach = async (path: string, method?: 'POST'): Promise<HttpReply> => {
    const reply = await exchange(base, way, { path, signal, ...(method === undefined ? {} : { method }) })
    skipped = reply.skipped
    return reply
  }
  const ask: Ask = async (path, shape) => read(base, path, shape, await reach(path))
  try {
    // First alone: where it fails, the others would fail in the same way.
    const { version } = await ask('/api/version', ollamaVersionSchema)
    const [tags, ps, list] = await Promise.all([
      ask('/api/tags', ollamaTagsSchema),
      ask('/api/ps', ollamaPsSchema),
      reach('/v1/models'),
    ])
    const facts = {
      version,
      models: installedModels(tags),
      loaded: loadedModels(ps),
      listed: listed(base, list),
    }
    const wantsAccount = asksAccount && facts.models.some(({ isCloud }) => isCloud)
    const account = wantsAccount ? (await reach('/api/me', 'POST')).status : undefined
    return { ...facts, notes: notesOn(base, { ...facts, account, skipped, via: way.via }, around) }
  } catch (error) {
    throw await explainOllama(base, error, { way, around })
  }
}

function listed(base: URL, reply: HttpReply): number | undefined {
  // Before 0.3 there was no such list.
  if (reply.status === 404) return undefined
  return (read(base, '/v1/models', ollamaListSchema, reply).data ?? []).length
}

function read<T>(base: URL, path: string, shape: z.ZodType<T>, reply: HttpReply): T {
  const parsed = reply.status === 200 ? shape.safeParse(parseJson(reply.body)) : undefined
  if (parsed?.success === true) return parsed.data
  throw unusableAnswer(base, path, reply)
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}
