import { isRecord, parseDecimal, USD_SCALE } from './exact.ts'
import { PRICE_TOKENS } from './price-list.ts'

/** Pico-USD for {@link PRICE_TOKENS} tokens. */
export interface UsdPrice {
  readonly input: bigint
  readonly cachedInput: bigint
  readonly output: bigint
}

const MODELS_MAX = 5000

/** Token prices in US dollars as OpenRouter's model list gives them. https://openrouter.ai/docs/api-reference/list-available-models */
export class UsdPrices {
  private models = new Map<string, UsdPrice>()
  private updatedAt: number | undefined

  /** Since when the list holds, in ms since the epoch. */
  get at(): number | undefined {
    return this.updatedAt
  }

  /** Replaces the list; an answer that is no model list is ignored. */
  update(reply: unknown, now: number): boolean {
    const list = isRecord(reply) ? reply.data : reply
    if (!Array.isArray(list)) return false
    const models = new Map<string, UsdPrice>()
    for (const model of list.slice(0, MODELS_MAX)) {
      if (!isRecord(model) || !isRecord(model.pricing)) continue
      const price = readPrice(model.pricing)
      if (price === undefined) continue
      // Answers name a model by either; an id is never overruled by what another one is called besides.
      for (const [index, id] of [model.id, model.canonical_slug].entries())
        if (typeof id === 'string' && (index === 0 || !models.has(keyOf(id)))) models.set(keyOf(id), price)
    }
    if (models.size === 0) return false
    this.models = models
    this.updatedAt = now
    return true
  }

  price(model: string): UsdPrice | undefined {
    return this.models.get(keyOf(model))
  }
}

function keyOf(model: string): string {
  return model.trim().toLowerCase()
}

/** Dollars for one token, as text. Below zero it is not known before the request, as for a router. */
function readPrice(pricing: Record<string, unknown>): UsdPrice | undefined {
  const price = (name: string): bigint | undefined => {
    const value = parseDecimal(pricing[name], USD_SCALE)
    return value !== undefined && value >= 0n ? value * BigInt(PRICE_TOKENS) : undefined
  }
  const input = price('prompt')
  const output = price('completion')
  if (input === undefined || output === undefined) return undefined
  return { input, output, cachedInput: price('input_cache_read') ?? input }
}
