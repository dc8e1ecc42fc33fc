import type { Amount, Price, Source, Unit, UsageDetails, UsageTotals } from '../../shared/protocol/usage.ts'
import { CREDIT_SCALE, formatDecimal, PREMIUM_SCALE, USD_SCALE } from './exact.ts'
import { PRICE_TOKENS } from './model-list.ts'
import type { Multiplier } from './multipliers.ts'
import type { PriceList } from './price-list.ts'
import type { Breakdown, Totals } from './totals.ts'
import type { UsdPrices } from './usd-prices.ts'

/** The lists by the upstream that they are of. */
export interface ModelPrices {
  readonly copilot: Pick<PriceList, 'multiplier' | 'price' | 'at'>
  readonly openrouter: Pick<UsdPrices, 'price' | 'at'>
}

/** Sums in the words of the wire: each with its unit, its source and its age. */
export function reportTotals(totals: Totals): UsageTotals {
  const asOf = totals.lastAt === 0 ? null : new Date(totals.lastAt).toISOString()
  const amount = (
    sum: bigint | number,
    scale: number,
    unit: Unit,
    source: Source,
    unknown: number,
    estimate: boolean,
  ): Amount => {
    const exact = formatDecimal(BigInt(sum), scale)
    return { value: Number(exact), exact, unit, source, estimate, unknown, asOf }
  }
  const tokens = (sum: number): Amount =>
    amount(sum, 0, 'tokens', 'reported by the upstream', totals.tokensUnknown, false)
  const { requests, completed, failed, cancelled, truncated, lost } = totals
  return {
    requests,
    completed,
    failed,
    cancelled,
    truncated,
    lost,
    tokens: {
      input: tokens(totals.input),
      cachedInput: tokens(totals.cachedInput),
      cacheWrite: tokens(totals.cacheWrite),
      output: tokens(totals.output),
      reasoning: tokens(totals.reasoning),
    },
    premiumRequests: amount(
      totals.premiumMicro,
      PREMIUM_SCALE,
      'premium requests',
      premiumSource(totals),
      totals.premiumUnknown,
      true,
    ),
    credits: {
      reported: amount(
        totals.creditsReportedNano,
        CREDIT_SCALE,
        'AI credits',
        'reported by Copilot',
        totals.creditsUnknown,
        false,
      ),
      estimated: amount(
        totals.creditsEstimatedNano,
        CREDIT_SCALE,
        'AI credits',
        'estimated from live Copilot prices',
        totals.creditsUnknown,
        true,
      ),
    },
    cost: amount(totals.costPico, USD_SCALE, 'USD', 'reported by the upstream', totals.costUnknown, false),
    lastRequestAt: asOf,
  }
}

/** The tables of the details, busiest first, days in order. */
export function reportBreakdown(
  breakdown: Breakdown,
  prices: ModelPrices,
): Pick<UsageDetails, 'models' | 'clients' | 'days'> {
  const byRequests = (left: { requests: number }, right: { requests: number }): number =>
    right.requests - left.requests
  return {
    models: breakdown
      .models()
      .map(({ upstream, model, totals }) => ({
        upstream,
        model,
        multiplier: upstream === 'copilot' ? reportMultiplier(prices.copilot.multiplier(model)) : null,
        price: reportPrice(prices, upstream, model),
        ...reportTotals(totals),
      }))
      .sort(byRequests),
    clients: [...breakdown.clients]
      .map(([client, totals]) => ({ client, ...reportTotals(totals) }))
      .sort(byRequests),
    days: [...breakdown.days]
      .map(([day, totals]) => ({ day, ...reportTotals(totals) }))
      .sort((left, right) => left.day.localeCompare(right.day)),
  }
}

function reportMultiplier(multiplier: Multiplier | undefined): { value: number; source: Source } | null {
  if (multiplier === undefined) return null
  return { value: Number(formatDecimal(multiplier.micro, PREMIUM_SCALE)), source: multiplier.source }
}

function reportPrice({ copilot, openrouter }: ModelPrices, upstream: string, model: string): Price | null {
  if (upstream === 'copilot')
    return pricedBy(copilot, model, CREDIT_SCALE, { unit: 'AI credits', source: 'live Copilot model list' })
  if (upstream === 'openrouter')
    return pricedBy(openrouter, model, USD_SCALE, { unit: 'USD', source: 'live OpenRouter model list' })
  return null
}

function pricedBy(
  list: Pick<PriceList | UsdPrices, 'price' | 'at'>,
  model: string,
  scale: number,
  facts: Pick<Price, 'unit' | 'source'>,
): Price | null {
  const price = list.price(model)
  if (price === undefined) return null
  const number = (scaled: bigint): number => Number(formatDecimal(scaled, scale))
  return {
    input: number(price.input),
    cachedInput: number(price.cachedInput),
    output: number(price.output),
    ...facts,
    perTokens: PRICE_TOKENS,
    asOf: list.at === undefined ? null : new Date(list.at).toISOString(),
  }
}

function premiumSource(totals: Totals): Source {
  const sources: Source[] = []
  if (totals.premiumLive > 0) sources.push('live Copilot model list')
  if (totals.premiumAnnual > 0) sources.push('annual plan table of 2026-06')
  if (totals.premiumSeed > 0) sources.push('premium request table before 2026-06')
  if (sources.length > 1) return 'mixed'
  return sources[0] ?? 'counted by this relay'
}
