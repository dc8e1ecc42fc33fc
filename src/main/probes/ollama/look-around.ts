import { ollamaVersionSchema } from '../../../shared/protocol/ollama-api.ts'
import { exchange } from './exchange.ts'
import type { OllamaWay } from './ollama-way.ts'

/** Each neighbour may take this long; a whole look has to fit into what is left of the time for an answer. */
const LOOK_MS = 1_500
/** Virtual machines and containers give a computer dozens of addresses. */
const MOST_LOOKED_AT = 12

/** The first of these places at which an Ollama answers. Never rejects. */
export async function findOllama(places: readonly string[], way: OllamaWay): Promise<string | undefined> {
  const looked = [...new Set(places)].slice(0, MOST_LOOKED_AT)
  const found = await Promise.all(looked.map((place) => isOllama(place, way)))
  return looked[found.indexOf(true)]
}

async function isOllama(place: string, way: OllamaWay): Promise<boolean> {
  try {
    const question = { path: '/api/version', host: 'localhost', signal: AbortSignal.timeout(LOOK_MS) }
    const { body, status } = await exchange(new URL(`http://${place}`), way, question)
    return status === 200 && ollamaVersionSchema.safeParse(JSON.parse(body)).success
  } catch {
    // Nothing there, or something else: either way not what is looked for.
    return false
  }
}
