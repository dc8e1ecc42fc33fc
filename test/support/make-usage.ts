import type { RecentRequest, RecentRequests } from '../../src/shared/protocol/recent-requests.ts'
import type { Amount, Source, Unit, UsageDetails, UsageTotals } from '../../src/shared/protocol/usage.ts'

/** A moment that pages in a real browser take for the present: they have the real clock. */
export interface MakeUsageOptions {
  readonly now: number
}

type Model = UsageDetails['models'][number]

/** What a relay tells of a busy month, with every kind of number that there is. */
export function makeUsage({ now }: MakeUsageOptions, change: Partial<UsageDetails> = {}): UsageDetails {
  const date = new Date(now)
  const asOf = new Date(now - 40_000).toISOString()
  const amount = amountMaker(asOf)
  const month = date.toISOString().slice(0, 7)
  const resetsAt = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1)).toISOString()
  const totals = totalsMaker(amount, asOf)
  const today = date.getUTCDate()
  return {
    requests: 1284,
    premium_requests_used: 510,
    authenticated: true,
    uptime: 86_400,
    month,
    resetsAt,
    generatedAt: date.toISOString(),
    inFlight: 2,
    totals: totals(1284, 1),
    counts: { unit: 'requests', source: 'counted by this relay', asOf },
    premiumRequestsApply: true,
    limits: [
      {
        ...limit(asOf, resetsAt),
        client: 'builder',
        limit: 500,
        used: 461.5,
        left: 38.5,
        share: 0.92,
        state: 'near',
      },
      {
        ...limit(asOf, resetsAt),
        scope: 'relay',
        client: null,
        limit: 2000,
        used: 510,
        left: 1587.67,
        share: 0.21,
      },
    ],
    storage: { state: 'ok', notice: null, unsaved: 0, dropped: 0 },
    models: MODELS.map(
      ([model, upstream, requests, multiplier, price]): Model => ({
        ...totals(requests, requests / 1284),
        premiumRequests: amount(requests * (multiplier ?? 0), 'premium requests', 'live Copilot model list'),
        upstream,
        model,
        multiplier:
          multiplier === undefined ? null : { value: multiplier, source: 'live Copilot model list' },
        price:
          price === undefined
            ? null
            : {
                ...{ input: price, cachedInput: price / 10, output: price * 5, perTokens: 1_000_000 },
                ...(upstream === 'openrouter'
                  ? { unit: 'USD', source: 'live OpenRouter model list' }
                  : { unit: 'AI credits', source: 'live Copilot model list' }),
                asOf: new Date(now - 4 * 60_000).toISOString(),
              },
      }),
    ),
    clients: [
      { ...totals(811, 0.63), client: 'builder' },
      { ...totals(402, 0.31), client: 'gpu-box' },
      { ...totals(71, 0.06), client: 'unknown' },
    ],
    days: Array.from({ length: today }, (_, index) => index + 1)
      .filter((day) => day % 7 !== 0)
      .map((day) => ({
        ...totals(20 + ((day * 37) % 90), (20 + ((day * 37) % 90)) / 1284),
        day: `${month}-${String(day).padStart(2, '0')}`,
      })),
    account: { plan: 'individual_pro', tokenBased: false, quotaResetDate: resetsAt.slice(0, 10), asOf },
    quotas: [
      {
        id: 'premium_interactions',
        kind: 'limited',
        unit: 'premium requests',
        entitlement: 1500,
        remaining: 688,
        used: 812,
        percentRemaining: 45.9,
        overage: 0,
        overagePermitted: false,
        exhausted: false,
        resetsAt,
        source: 'Copilot response header',
        asOf,
      },
      { ...UNLIMITED, id: 'chat', asOf },
      { ...UNLIMITED, id: 'completions', asOf },
    ],
    ...change,
  }
}

/** What a relay tells that nobody has asked for anything yet. */
export function makeNoUsage({ now }: MakeUsageOptions): UsageDetails {
  const asOf = new Date(now).toISOString()
  const totals = totalsMaker(amountMaker(asOf), asOf)(0, 0)
  const none = { models: [], clients: [], days: [], quotas: [], limits: [] }
  return makeUsage({ now }, { ...none, totals, requests: 0, premium_requests_used: 0, inFlight: 0 })
}

const UNLIMITED = {
  kind: 'unlimited',
  unit: null,
  entitlement: null,
  remaining: null,
  used: null,
  percentRemaining: null,
  overage: null,
  overagePermitted: null,
  exhausted: false,
  resetsAt: null,
  source: 'Copilot user page',
} as const

const MODELS: readonly (readonly [
  model: string,
  upstream: string,
  requests: number,
  multiplier?: number | undefined,
  /** Of a million tokens of input. */
  price?: number,
])[] = [
  ['gpt-5-mini', 'copilot', 792, 0, 25],
  ['claude-sonnet-4.6', 'copilot', 302, 1, 300],
  ['gpt-5.5', 'copilot', 118, 1, 175],
  ['qwen/qwen3-coder', 'openrouter', 60, undefined, 0.22],
  ['claude-opus-4.7', 'copilot', 12, 7.5, 1500],
]

function limit(asOf: string, resetsAt: string): UsageDetails['limits'][number] {
  return {
    scope: 'client',
    client: null,
    isDefault: false,
    name: 'premium_requests',
    period: 'month',
    unit: 'premium requests',
    limit: 0,
    used: 0,
    left: 0,
    share: 0,
    unknown: 0,
    estimate: false,
    source: 'counted by this relay',
    asOf,
    state: 'ok',
    resetsAt,
  }
}

type MakeAmount = (value: number, unit: Unit, source: Source, change?: Partial<Amount>) => Amount

function amountMaker(asOf: string): MakeAmount {
  return (value, unit, source, change = {}) => ({
    value,
    exact: value.toFixed(4),
    unit,
    source,
    estimate: false,
    unknown: 0,
    asOf,
    ...change,
  })
}

function totalsMaker(amount: MakeAmount, asOf: string): (requests: number, share: number) => UsageTotals {
  return (requests, share) => ({
    requests,
    completed: Math.max(0, requests - 7),
    failed: Math.round(12 * share),
    cancelled: Math.round(9 * share),
    truncated: Math.round(1 * share),
    lost: 0,
    tokens: {
      input: amount(Math.round(48_211_904 * share), 'tokens', 'reported by the upstream'),
      cachedInput: amount(Math.round(31_702_118 * share), 'tokens', 'reported by the upstream'),
      cacheWrite: amount(0, 'tokens', 'reported by the upstream'),
      output: amount(Math.round(912_440 * share), 'tokens', 'reported by the upstream', {
        unknown: Math.round(3 * share),
      }),
      reasoning: amount(Math.round(120_800 * share), 'tokens', 'reported by the upstream'),
    },
    premiumRequests: amount(Number((510 * share).toFixed(2)), 'premium requests', 'live Copilot model list'),
    credits: {
      reported: amount(Number((38.2 * share).toFixed(2)), 'AI credits', 'reported by Copilot'),
      estimated: amount(
        Number((4.1 * share).toFixed(2)),
        'AI credits',
        'estimated from live Copilot prices',
        {
          estimate: true,
        },
      ),
    },
    cost: amount(Number((1.2873 * share).toFixed(4)), 'USD', 'reported by the upstream'),
    lastRequestAt: asOf,
  })
}

/** The newest requests, one of each outcome. */
export function makeRecentRequests({ now }: MakeUsageOptions): RecentRequests {
  const outcomes = [
    'in-flight',
    'completed',
    'completed',
    'failed',
    'cancelled',
    'truncated',
    'lost',
  ] as const
  return {
    generatedAt: new Date(now).toISOString(),
    requests: outcomes.map((outcome, index): RecentRequest => {
      const isDone = outcome !== 'in-flight'
      return {
        id: `request-${index}`,
        startedAt: new Date(now - index * 61_000 - 3000).toISOString(),
        durationMs: isDone ? 4210 * (index + 1) : null,
        firstByteMs: outcome === 'failed' ? null : 640 + index * 30,
        upstream: index === 2 ? 'openrouter' : 'copilot',
        endpoint: '/v1/chat/completions',
        model: index === 2 ? 'qwen/qwen3-coder' : 'claude-sonnet-4.6',
        client: index % 3 === 2 ? 'unknown' : 'builder',
        stream: true,
        outcome,
        status: outcome === 'failed' ? 502 : isDone ? 200 : null,
        inputTokens: outcome === 'completed' ? 38_120 : null,
        outputTokens: outcome === 'completed' ? 911 : null,
        premiumRequests: outcome === 'completed' && index !== 2 ? 1 : null,
        credits: null,
        costUsd: index === 2 ? 0.0123 : null,
      }
    }),
  }
}
