import { isRecord } from './exact.ts'

/** Tokens that a {@link TokenPrice} is for. */
export const PRICE_TOKENS = 1_000_000

/** What {@link PRICE_TOKENS} tokens cost, in whole parts of the currency: nano-AIU or pico-USD. */
export interface TokenPrice {
  readonly input: bigint
  readonly cachedInput: bigint
  readonly output: bigint
}

/** What the model list of an upstream says of every model, each under its key; a new list replaces the old one. */
export abstract class ModelList<T> {
  protected models: ReadonlyMap<string, T> = new Map<string, T>()
  private updatedAt: number | undefined
  private readonly modelsMax: number

  /** Models after the first `modelsMax` of an answer are left out. */
  constructor(modelsMax: number) {
    this.modelsMax = modelsMax
  }

  /** Since when the list holds, in ms since the epoch. */
  get at(): number | undefined {
    return this.updatedAt
  }

  /** Replaces the list; an answer that is no model list is ignored. */
  update(reply: unknown, now: number): boolean {
    const list = isRecord(reply) ? reply.data : reply
    if (!Array.isArray(list)) return false
    const models = new Map<string, T>()
    for (const model of list.slice(0, this.modelsMax)) if (isRecord(model)) this.read(model, models)
    if (models.size === 0) return false
    this.models = models
    this.updatedAt = now
    return true
  }

  /** Adds what one entry of the answer says, or nothing. */
  protected abstract read(model: Record<string, unknown>, models: Map<string, T>): void
}
