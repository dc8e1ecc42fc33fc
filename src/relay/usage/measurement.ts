import { CREDIT_SCALE, isRecord, parseDecimal, tokenCount, USD_SCALE } from './exact.ts'
import type { Wanted } from './json-extractor.ts'

/** Tokens of one request. `input` is the whole prompt: `cachedInput` and `cacheWrite` are parts of it. */
export interface Tokens {
  readonly input: number
  readonly cachedInput: number
  readonly cacheWrite: number
  readonly output: number
  /** Part of `output`. */
  readonly reasoning: number
}

const KEYS = [
  'usage',
  'copilot_usage',
  'copilot_quota_snapshots',
  'error',
  'type',
  // Ollama's own API.
  'prompt_eval_count',
  'eval_count',
]
const CONTAINERS = new Set(['response', 'message'])

/** Larger amounts for a single request are a mistake and would spoil the sums: 10⁶ credits, 10⁴ USD. */
const CREDITS_MAX = 10n ** 6n * 10n ** BigInt(CREDIT_SCALE)
const COST_MAX = 10n ** 4n * 10n ** BigInt(USD_SCALE)

type RawName =
  | 'prompt'
  | 'anthropicInput'
  | 'anthropicCacheRead'
  | 'anthropicCacheWrite'
  | 'cached'
  | 'cacheWrite'
  | 'output'
  | 'reasoning'

/**
 * What a response said about itself. Upstreams repeat usage as running totals (Anthropic at the start and in
 * every delta, others in the last chunks), so the largest figure of each kind is the right one, and what came
 * before a cut is a true lower bound.
 */
export class Measurement {
  static readonly WANTED: Wanted = { keys: new Set(KEYS), containers: CONTAINERS }
  static readonly WANTED_WITH_MODEL: Wanted = { keys: new Set([...KEYS, 'model']), containers: CONTAINERS }

  private readonly raw = new Map<RawName, number>()
  private readonly billed = new Map<string, number>()
  /** Nano-AIU, as reported by Copilot. */
  creditsNano: bigint | undefined
  /** Pico-USD, as reported by OpenRouter and others that follow it. */
  costPico: bigint | undefined
  /** The body is, or ended in, an error, whatever its HTTP status was. */
  isError = false
  model: string | undefined
  quotaSnapshots: unknown

  take(key: string, json: string): void {
    if (json === 'null') return
    let value: unknown
    try {
      value = JSON.parse(json)
    } catch {
      // Not ours to judge: the client gets the bytes as they came; we only learn nothing from them.
      return
    }
    if (key === 'usage') this.takeUsage(value)
    else if (key === 'copilot_usage') this.takeCopilotUsage(value)
    else if (key === 'copilot_quota_snapshots') this.quotaSnapshots = value
    else if (key === 'error') this.isError ||= value !== null && value !== '' && value !== false
    else if (key === 'type') this.isError ||= value === 'error' || value === 'response.failed'
    else if (key === 'model') this.model ??= typeof value === 'string' ? value : undefined
    else if (key === 'prompt_eval_count') this.raise('prompt', value)
    else if (key === 'eval_count') this.raise('output', value)
  }

  /** Undefined when the response said nothing about tokens, which is not the same as none. */
  tokens(): Tokens | undefined {
    const own = this.usageTokens()
    return own ?? this.billedTokens()
  }

  private usageTokens(): Tokens | undefined {
    const raw = (name: RawName): number => this.raw.get(name) ?? 0
    if (this.raw.size === 0) return undefined
    // Anthropic counts the cached parts beside `input_tokens`, everybody else inside it.
    const anthropicCached = raw('anthropicCacheRead') + raw('anthropicCacheWrite')
    return {
      input: Math.max(raw('prompt'), raw('anthropicInput') + anthropicCached),
      cachedInput: Math.max(raw('cached'), raw('anthropicCacheRead')),
      cacheWrite: Math.max(raw('cacheWrite'), raw('anthropicCacheWrite')),
      output: raw('output'),
      reasoning: raw('reasoning'),
    }
  }

  private billedTokens(): Tokens | undefined {
    if (this.billed.size === 0) return undefined
    const billed = (type: string): number => this.billed.get(type) ?? 0
    const cachedInput = billed('cache_read')
    const cacheWrite = billed('cache_write')
    const input = billed('input') + cachedInput + cacheWrite
    return { input, cachedInput, cacheWrite, output: billed('output'), reasoning: 0 }
  }

  private takeUsage(usage: unknown): void {
    if (!isRecord(usage)) return
    this.raise('prompt', usage.prompt_tokens)
    this.raise('anthropicInput', usage.input_tokens)
    this.raise('anthropicCacheRead', usage.cache_read_input_tokens)
    this.raise('anthropicCacheWrite', usage.cache_creation_input_tokens)
    this.raise('output', usage.completion_tokens)
    this.raise('output', usage.output_tokens)
    for (const details of [usage.prompt_tokens_details, usage.input_tokens_details]) {
      if (!isRecord(details)) continue
      this.raise('cached', details.cached_tokens)
      this.raise('cacheWrite', details.cache_write_tokens)
    }
    for (const details of [usage.completion_tokens_details, usage.output_tokens_details]) {
      if (isRecord(details)) this.raise('reasoning', details.reasoning_tokens)
    }
    this.costPico = larger(this.costPico, parseDecimal(usage.cost, USD_SCALE), COST_MAX)
  }

  private takeCopilotUsage(usage: unknown): void {
    if (!isRecord(usage)) return
    this.creditsNano = larger(this.creditsNano, parseDecimal(usage.total_nano_aiu, 0), CREDITS_MAX)
    const details = usage.token_details
    if (!Array.isArray(details)) return
    for (const detail of details) {
      if (!isRecord(detail) || typeof detail.token_type !== 'string' || this.billed.size > 16) continue
      const count = tokenCount(detail.token_count)
      const type = detail.token_type
      if (count !== undefined) this.billed.set(type, Math.max(this.billed.get(type) ?? 0, count))
    }
  }

  private raise(name: RawName, value: unknown): void {
    const count = tokenCount(value)
    if (count !== undefined) this.raw.set(name, Math.max(this.raw.get(name) ?? 0, count))
  }
}

function larger(known: bigint | undefined, next: bigint | undefined, max: bigint): bigint | undefined {
  if (next === undefined || next < 0n || next > max) return known
  return known === undefined || next > known ? next : known
}
