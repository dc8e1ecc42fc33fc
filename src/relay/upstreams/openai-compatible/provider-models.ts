import { z } from 'zod'
import type { ListedModel } from '../upstream.ts'
import { copilotPath, type Wire } from '../wires.ts'

const count = z.number().positive().optional().catch(undefined)

/** vLLM names its window `max_model_len`, llama.cpp `meta.n_ctx_train`, gateways mostly `context_length`. */
const modelSchema = z.looseObject({
  id: z.string().min(1).max(200),
  created: z.number().optional().catch(undefined),
  owned_by: z.string().optional().catch(undefined),
  name: z.string().optional().catch(undefined),
  context_length: count,
  max_model_len: count,
  meta: z.looseObject({ n_ctx: count, n_ctx_train: count }).optional().catch(undefined),
})

const replySchema = z.looseObject({ data: z.array(z.unknown()) })

/** Reads `GET /models` of any compatible server. @throws when it is no list of models at all. */
export function readModels(provider: string, wires: readonly Wire[], text: string): ListedModel[] {
  const { data } = replySchema.parse(JSON.parse(text))
  return data
    .flatMap((entry) => modelSchema.safeParse(entry).data ?? [])
    .map((model) => ({
      ...model,
      ...common(model.name ?? model.id, wires),
      created: model.created ?? 0,
      owned_by: model.owned_by ?? provider,
      context_length:
        model.context_length ?? model.max_model_len ?? model.meta?.n_ctx ?? model.meta?.n_ctx_train ?? null,
    }))
}

/** A list from config.json, for servers that have none. */
export function namedModels(provider: string, wires: readonly Wire[], ids: readonly string[]): ListedModel[] {
  return ids.map((id) => ({
    ...{ id, created: 0, owned_by: provider, context_length: null },
    ...common(id, wires),
  }))
}

function common(name: string, wires: readonly Wire[]) {
  return {
    object: 'model',
    type: 'model',
    name,
    display_name: name,
    supported_endpoints: wires.map(copilotPath),
  }
}
