import type { Source } from '../../shared/protocol/usage.ts'
import { PREMIUM_SCALE, parseDecimal } from './exact.ts'

export interface Multiplier {
  /** Millionths of a premium request per user prompt. */
  readonly micro: bigint
  readonly source: Source
}

/**
 * Rates of annual plans since 2026-06-01.
 * https://github.com/github/docs/blob/main/data/tables/copilot/annual-subscriber-model-multipliers.yml
 */
const ANNUAL_2026_06: Readonly<Record<string, readonly string[]>> = {
  '0.33': [
    'claude-haiku-4.5',
    'gpt-4o',
    'gpt-4o-mini',
    'gpt-5-mini',
    'gpt-5.1-codex-mini',
    'gemini-3-flash',
    'gemini-3-flash-preview',
    'grok-code-fast-1',
    'raptor-mini',
  ],
  '1': ['claude-sonnet-4', 'gpt-4.1', 'gemini-2.5-pro'],
  '3': ['gpt-5.1', 'gpt-5.1-codex', 'gpt-5.1-codex-max', 'gpt-5.2', 'gpt-5.2-codex'],
  '6': [
    'claude-sonnet-4.5',
    'gpt-5.3-codex',
    'gpt-5.4',
    'gpt-5.4-mini',
    'gemini-3-pro',
    'gemini-3-pro-preview',
    'gemini-3.1-pro',
    'gemini-3.1-pro-preview',
  ],
  '7.5': ['gpt-5.5'],
  '9': ['claude-sonnet-4.6'],
  '15': ['claude-opus-4.5'],
  '27': ['claude-opus-4.6', 'claude-opus-4.7'],
}

/** Rates before that, for models that the newer table no longer names. */
const BEFORE_2026_06: Readonly<Record<string, readonly string[]>> = {
  '0': ['gpt-5-mini', 'gpt-4.1', 'gpt-4o'],
  '0.25': ['grok-code-fast-1'],
  '0.33': ['claude-haiku-4.5', 'gemini-3-flash-preview', 'gpt-5.1-codex-mini'],
  '1': [
    'claude-sonnet-4.5',
    'gpt-5',
    'gpt-5.1',
    'gpt-5.2',
    'gpt-5-codex',
    'gpt-5.1-codex',
    'gpt-5.1-codex-max',
    'gemini-3-pro-preview',
    'grok-3',
    'o3',
    'o3-mini',
    'o4-mini',
  ],
  '3': ['claude-opus-4.5'],
}

const TABLE = new Map<string, Multiplier>([
  ...rows(BEFORE_2026_06, 'premium request table before 2026-06'),
  // Later rows win.
  ...rows(ANNUAL_2026_06, 'annual plan table of 2026-06'),
])

/** What a user prompt to this model costs; undefined, which is not 1, where no table names it. */
export function tableMultiplier(model: string): Multiplier | undefined {
  return TABLE.get(modelKey(model))
}

/** Clients write the same model as `github-copilot/GPT-4o` and `gpt-4o`. */
export function modelKey(model: string): string {
  return model.toLowerCase().replace(/^(?:github-)?copilot\//, '')
}

function rows(
  table: Readonly<Record<string, readonly string[]>>,
  source: Source,
): [model: string, multiplier: Multiplier][] {
  return Object.entries(table).flatMap(([rate, models]) =>
    models.map((model): [string, Multiplier] => [
      model,
      { micro: parseDecimal(rate, PREMIUM_SCALE) ?? 0n, source },
    ]),
  )
}
