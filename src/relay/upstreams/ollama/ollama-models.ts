import { isCloudName } from '../../../shared/protocol/ollama-api.ts'
import type { OllamaSettings } from '../../config/ollama-settings.ts'
import type { ListedModel } from '../upstream.ts'
import { copilotPath, type Wire } from '../wires.ts'
import {
  isRemote,
  type LoadedEntry,
  type OllamaEntry,
  type OllamaInventory,
  type ShownModel,
} from './ollama-inventory.ts'
import { isOpenModel } from './ollama-names.ts'

/** At once: the server has other things to do. */
const ASKED_AT_ONCE = 4

/** One installed model, with everything that can be known of it. Sizes are bytes, contexts tokens. */
export interface OllamaModel {
  readonly entry: OllamaEntry
  readonly loaded: LoadedEntry | undefined
  /** Runs at ollama.com and not on this server. */
  readonly isCloud: boolean
  /** Clients may use it. */
  readonly isOpen: boolean
  /** Not known where neither the list nor the model itself says. */
  readonly capabilities: readonly string[] | undefined
  /** What it sees at once when it is called; undefined where only the server knows. */
  readonly contextLength: number | undefined
  /** What it was trained for. */
  readonly maxContextLength: number | undefined
}

/** @throws AppError */
export async function ollamaModels(
  inventory: OllamaInventory,
  settings: OllamaSettings,
): Promise<OllamaModel[]> {
  const entries = await inventory.tags()
  const loaded = await inventory.loaded().catch(() => [])
  const models: OllamaModel[] = []
  const waiting = [...entries.entries()]
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, entry] = next
      const isRemoteEntry = isRemote(entry) || isCloudName(entry.name)
      const shown = isRemoteEntry
        ? undefined
        : await inventory.show(entry.name, entry.digest).catch(() => undefined)
      models[index] = modelOf(
        entry,
        loaded.find(({ name }) => name === entry.name),
        shown,
        settings,
      )
    }
  }
  await Promise.all(Array.from({ length: ASKED_AT_ONCE }, work))
  return models
}

function modelOf(
  entry: OllamaEntry,
  loaded: LoadedEntry | undefined,
  shown: ShownModel | undefined,
  settings: OllamaSettings,
): OllamaModel {
  const isCloud = isCloudName(entry.name) || isRemote(entry) || (shown !== undefined && isRemote(shown))
  const maxContextLength = trainedContext(shown)
  const own = isCloud ? undefined : (ownContext(shown) ?? settings.contextLength)
  const atMost = Math.min(own ?? Number.POSITIVE_INFINITY, maxContextLength ?? Number.POSITIVE_INFINITY)
  return {
    ...{ entry, loaded, isCloud, maxContextLength },
    isOpen: isOpenModel(entry.name, settings.models) && !(isCloud && settings.localOnly),
    capabilities: shown?.capabilities ?? entry.capabilities,
    contextLength: loaded?.context_length ?? (own === undefined ? undefined : atMost),
  }
}

/** `<architecture>.context_length`, whatever the architecture is called. */
function trainedContext(shown: ShownModel | undefined): number | undefined {
  const values = Object.entries(shown?.model_info ?? {})
    .filter(([key]) => /^[^.]+\.context_length$/.test(key))
    .map(([, value]) => value)
  return values.find((value): value is number => typeof value === 'number' && value > 0)
}

/** `PARAMETER num_ctx` of its Modelfile. */
function ownContext(shown: ShownModel | undefined): number | undefined {
  const number = Number(/^num_ctx\s+(\d+)\s*$/m.exec(shown?.parameters ?? '')?.[1])
  return Number.isInteger(number) && number > 0 ? number : undefined
}

const TEXT_WIRES: readonly Wire[] = ['chat', 'completions', 'responses', 'messages']

/** Forms in which it can be called; all of them where nobody knows what it can do. */
export function wiresFor(capabilities: readonly string[] | undefined): readonly Wire[] {
  if (capabilities === undefined || capabilities.length === 0) return [...TEXT_WIRES, 'embeddings']
  if (capabilities.includes('completion')) return [...TEXT_WIRES, 'embeddings']
  return capabilities.includes('embedding') ? ['embeddings'] : TEXT_WIRES
}

/** As `/v1/models` lists it, in the form that OpenAI, Anthropic and OpenRouter clients understand at once. */
export function listedModel(model: OllamaModel, { localOnly, contextWarning }: OllamaSettings): ListedModel {
  const { entry, loaded, isCloud, capabilities, contextLength, maxContextLength } = model
  const { name, details } = entry
  const has = (capability: string): boolean => capabilities?.includes(capability) === true
  const isRefused = isCloud && localOnly
  const createdMs = Date.parse(entry.modified_at ?? '')
  return {
    ...{ id: name, object: 'model', type: 'model', name, display_name: name, owned_by: 'ollama' },
    created: Number.isNaN(createdMs) ? 0 : Math.floor(createdMs / 1000),
    context_length: contextLength ?? null,
    max_context_length: maxContextLength ?? null,
    // Less than agents need: they lose the beginning of a conversation without a word.
    short_context: contextLength !== undefined && contextLength < contextWarning,
    supported_endpoints: isRefused ? [] : wiresFor(capabilities).map(copilotPath),
    supported_parameters: [...(has('tools') ? ['tools'] : []), ...(has('thinking') ? ['reasoning'] : [])],
    architecture: {
      input_modalities: ['text', ...(has('vision') ? ['image'] : []), ...(has('audio') ? ['audio'] : [])],
      output_modalities: ['text'],
    },
    ...(isCloud ? {} : { pricing: { prompt: '0', completion: '0' } }),
    capabilities: capabilities ?? null,
    parameter_size: details?.parameter_size || null,
    quantization: details?.quantization_level || null,
    size: entry.size ?? null,
    loaded: loaded !== undefined,
    loaded_until: loaded?.expires_at ?? null,
    cloud: isCloud,
    ...(isRefused && { refused: 'local-only' }),
  }
}
