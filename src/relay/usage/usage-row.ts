import type { RequestFacts, RequestOutcome } from './recorder.ts'

/** `open` while under way; `lost` when the relay died before the end. */
export type StoredOutcome = RequestOutcome | 'open' | 'lost'

export type PremiumSource = 'live' | 'annual' | 'seed' | 'unknown'

/**
 * One request as it is stored. For every measure, `null` as source means that it does not apply (a refused
 * request costs nothing, OpenRouter has no premium requests) and `unknown` that it does but was not learnt.
 */
export interface UsageRow {
  /** Tells runs of the relay apart; with `seq` the identity of the request, so writing twice counts once. */
  readonly boot: string
  readonly seq: number
  /** Start, in ms since the epoch. */
  readonly at: number
  /** UTC day of the start. Fixed then, so that no jump of the clock moves or repeats a request. */
  readonly day: string
  readonly durationMs: number | null
  readonly firstByteMs: number | null
  readonly upstream: RequestFacts['upstream']
  readonly endpoint: string
  readonly model: string
  readonly client: string
  readonly stream: 0 | 1
  readonly initiator: RequestFacts['initiator']
  readonly outcome: StoredOutcome
  readonly status: number | null
  readonly tokensSource: 'reported' | 'unknown' | null
  readonly input: number
  readonly cachedInput: number
  readonly cacheWrite: number
  readonly output: number
  readonly reasoning: number
  readonly premiumSource: PremiumSource | null
  readonly premiumMicro: bigint
  readonly creditsSource: 'reported' | 'estimated' | 'unknown' | null
  readonly creditsNano: bigint
  readonly costSource: 'reported' | 'unknown' | null
  readonly costPico: bigint
}

/** Paths that generate something, on any upstream; the others (`/models`, `count_tokens`) have no usage. */
const INFERENCE =
  /(?:^|\/)(?:chat\/completions|completions|responses|messages|embeddings|rerank|chat|generate|embed)$/

export function isInference(endpoint: string): boolean {
  return INFERENCE.test(endpoint.replace(/[?#].*$/, '').replace(/\/+$/, ''))
}

/** Only prompts are premium requests, embeddings never are. */
export function isPrompt(endpoint: string): boolean {
  return isInference(endpoint) && !/(?:embeddings|rerank|embed)$/.test(endpoint.replace(/[?#].*$/, ''))
}

export function utcDay(at: number): string {
  return new Date(at).toISOString().slice(0, 10)
}

export function utcMonth(at: number): string {
  return new Date(at).toISOString().slice(0, 7)
}

/** 00:00 UTC on the first day after the month. */
export function monthEnd(month: string): string {
  const [year = 1970, number = 1] = month.split('-').map(Number)
  return new Date(Date.UTC(year, number, 1)).toISOString()
}

const NAME_MAX = 100

/** Model names come from clients and end in tables and metrics: no control characters, no endless ones. */
export function cleanName(name: string): string {
  const clean = name
    .replace(/[\p{Cc}\u2028\u2029]/gu, '')
    .trim()
    .slice(0, NAME_MAX)
  return clean === '' ? 'unknown' : clean.toWellFormed()
}
