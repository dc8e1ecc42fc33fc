import { isRecord, parseNotNegative, USD_SCALE } from './exact.ts'
import { ModelList, PRICE_TOKENS, type TokenPrice } from './model-list.ts'

const MODELS_MAX = 5000

/** Token prices in US dollars as OpenRouter's model list gives them. https://openrouter.ai/docs/api-reference/list-available-models */
export class UsdPrices extends ModelList<TokenPrice> {
  constructor() {
    super(MODELS_MAX)
  }

  /** Pico-USD; undefined where the list has no price. */
  price(model: string): TokenPrice | undefined {
    return this.models.get(keyOf(model))
  }

  protected override read(model: Record<string, unknown>, models: Map<string, TokenPrice>): void {
    const price = isRecord(model.pricing) ? readPrice(model.pricing) : undefined
    if (price === undefined) return
    // Answers name a model by either; an id is never overruled by what another one is called besides.
    for (const [index, id] of [model.id, model.canonical_slug].entries())
      if (typeof id === 'string' && (index === 0 || !models.has(keyOf(id)))) models.set(keyOf(id), price)
  }
}

function keyOf(model: string): string {
  return model.trim().toLowerCase()
}

/** Dollars for one token, as text. Below zero it is not known before the request, as for a router. */
function readPrice(pricing: Record<string, unknown>): TokenPrice | undefined {
  const price = (name: string): bigint | undefined => {
    const value = parseNotNegative(pricing[name], USD_SCALE)
    return value === undefined ? undefined : value * BigInt(PRICE_TOKENS)
  }
  const input = price('prompt')
  const output = price('completion')
  if (input === undefined || output === undefined) return undefined
  return { input, output, cachedInput: price('input_cache_read') ?? input }
}
