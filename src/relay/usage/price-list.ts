import {
  CREDIT_SCALE,
  divideRounded,
  isRecord,
  looseNumber,
  PREMIUM_SCALE,
  parseNotNegative,
} from './exact.ts'
import type { Tokens } from './measurement.ts'
import { ModelList, PRICE_TOKENS, type TokenPrice } from './model-list.ts'
import { type Multiplier, modelKey, tableMultiplier } from './multipliers.ts'

/** Prices in nano-AIU per batch. */
interface Prices {
  readonly input: bigint
  readonly cached: bigint
  readonly cacheWrite: bigint
  readonly output: bigint
}

interface ModelBilling {
  readonly multiplier: bigint | undefined
  readonly batchSize: bigint | undefined
  readonly standard: Prices | undefined
  /** Prompts above this many tokens are billed by `long`. */
  readonly standardMaxTokens: number | undefined
  readonly long: Prices | undefined
}

const MODELS_MAX = 2000

/** Multipliers and token prices as Copilot's own model list gives them. */
export class PriceList extends ModelList<ModelBilling> {
  constructor() {
    super(MODELS_MAX)
  }

  has(model: string): boolean {
    return this.models.has(modelKey(model))
  }

  multiplier(model: string): Multiplier | undefined {
    const live = this.models.get(modelKey(model))?.multiplier
    return live === undefined ? tableMultiplier(model) : { micro: live, source: 'live Copilot model list' }
  }

  /** Nano-AIU for prompts of usual length; undefined where the list has no price. */
  price(model: string): TokenPrice | undefined {
    const { standard, batchSize } = this.models.get(modelKey(model)) ?? {}
    if (standard === undefined || batchSize === undefined) return undefined
    const each = (perBatch: bigint): bigint => divideRounded(perBatch * BigInt(PRICE_TOKENS), batchSize)
    const { input, cached, output } = standard
    return { input: each(input), cachedInput: each(cached), output: each(output) }
  }

  /** What the tokens cost in nano-AIU by list price; undefined where the list has no price for the model. */
  estimateNano(model: string, tokens: Tokens): bigint | undefined {
    const billing = this.models.get(modelKey(model))
    if (billing?.standard === undefined || billing.batchSize === undefined) return undefined
    const isLong = billing.standardMaxTokens !== undefined && tokens.input > billing.standardMaxTokens
    const prices = isLong ? (billing.long ?? billing.standard) : billing.standard
    const plainInput = Math.max(0, tokens.input - tokens.cachedInput - tokens.cacheWrite)
    const sum =
      BigInt(plainInput) * prices.input +
      BigInt(tokens.cachedInput) * prices.cached +
      BigInt(tokens.cacheWrite) * prices.cacheWrite +
      BigInt(tokens.output) * prices.output
    return divideRounded(sum, billing.batchSize)
  }

  protected override read(model: Record<string, unknown>, models: Map<string, ModelBilling>): void {
    if (typeof model.id === 'string') models.set(modelKey(model.id), readBilling(model.billing))
  }
}

function readBilling(billing: unknown): ModelBilling {
  if (!isRecord(billing)) return readPrices({}, undefined)
  const prices = billing.token_prices
  return readPrices(isRecord(prices) ? prices : {}, parseNotNegative(billing.multiplier, PREMIUM_SCALE))
}

/** Prices stand in `default` and `long_context`, or flat; both were seen. */
function readPrices(prices: Record<string, unknown>, multiplier: bigint | undefined): ModelBilling {
  const standard = isRecord(prices.default) ? prices.default : prices
  const long = prices.long_context
  const batchSize = looseNumber(prices.batch_size)
  return {
    multiplier,
    batchSize:
      batchSize !== undefined && Number.isSafeInteger(batchSize) && batchSize > 0
        ? BigInt(batchSize)
        : undefined,
    standard: readTier(standard),
    standardMaxTokens: looseNumber(standard.context_max),
    long: isRecord(long) ? readTier(long) : undefined,
  }
}

function readTier(tier: Record<string, unknown>): Prices | undefined {
  const price = (name: string): bigint | undefined => parseNotNegative(tier[name], CREDIT_SCALE)
  const input = price('input_price')
  const output = price('output_price')
  if (input === undefined || output === undefined) return undefined
  // Where a cache price is missing the cached part costs as much as any other input.
  return {
    input,
    output,
    cached: price('cache_price') ?? input,
    cacheWrite: price('cache_write_price') ?? input,
  }
}
