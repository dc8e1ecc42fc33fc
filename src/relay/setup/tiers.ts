import type { SetupModel } from './models.ts'

export const TIERS = ['free', 'frugal', 'premium'] as const
export type Tier = (typeof TIERS)[number]

export function isTier(text: string): text is Tier {
  return TIERS.some((tier) => tier === text)
}

/** The models a fresh configuration starts with. */
export interface DefaultModels {
  readonly main: SetupModel
  /** For titles and summaries. */
  readonly small: SetupModel
}

/**
 * Picks defaults from what the relay offers right now. Without a tier it is the upstream's own default; `free`
 * takes the cheapest for everything, `frugal` the middle of the price list, `premium` the dearest. The small model
 * is the cheapest in every tier. Models whose price is unknown are only taken when no price is known at all.
 */
export function defaultModels(
  models: readonly SetupModel[],
  tier: Tier | undefined,
): DefaultModels | undefined {
  const candidates = models.filter((model) => model.toolCalls)
  const priced = candidates
    .filter((model) => model.cost !== undefined)
    .sort(
      (a, b) => (a.cost ?? 0) - (b.cost ?? 0) || Number(b.isUpstreamDefault) - Number(a.isUpstreamDefault),
    )
  const ranked = priced.length > 0 ? priced : candidates
  const small = ranked[0]
  if (small === undefined) return undefined
  const upstreamDefault = candidates.find((model) => model.isUpstreamDefault)
  return { main: mainModel(ranked, tier, upstreamDefault) ?? small, small }
}

function mainModel(
  ranked: readonly SetupModel[],
  tier: Tier | undefined,
  upstreamDefault: SetupModel | undefined,
): SetupModel | undefined {
  switch (tier) {
    case 'free':
      return ranked[0]
    case 'frugal':
      return ranked[Math.floor((ranked.length - 1) / 2)]
    case 'premium':
      return ranked.at(-1)
    case undefined:
      return upstreamDefault ?? ranked[Math.floor((ranked.length - 1) / 2)]
  }
}
