import type { LimitState, Quota, StorageHealth } from '../../shared/protocol/usage.ts'
import type { LimitsView } from '../limits/limits-view.ts'
import { CREDIT_SCALE, formatDecimal, PREMIUM_SCALE, USD_SCALE } from './exact.ts'
import { Exposition } from './exposition.ts'
import type { Histogram } from './histogram.ts'
import type { Breakdown, CountName, Totals } from './totals.ts'

export interface MetricsSource {
  /** Sums since the relay started: counters of Prometheus begin at zero with the process. */
  readonly run: Breakdown
  readonly startedAt: number
  readonly inFlight: number
  readonly otherRequests: number
  readonly duration: Histogram
  readonly firstByte: Histogram
  readonly quotas: readonly Quota[]
  readonly storage: StorageHealth
  /** Milliseconds since the Unix epoch. */
  readonly certificateExpiresAt: number | undefined
  readonly limits: LimitsView
}

const OUTCOMES = ['completed', 'failed', 'cancelled', 'truncated'] as const
const TOKEN_TYPES: readonly [CountName, string][] = [
  ['input', 'input'],
  ['cachedInput', 'cached_input'],
  ['cacheWrite', 'cache_write'],
  ['output', 'output'],
  ['reasoning', 'reasoning'],
]

/** The body of `/metrics`. Models and clients beyond the limits of the tables stand in one series, `other`. */
export function renderMetrics(source: MetricsSource): string {
  const out = new Exposition()
  const models = source.run.models()
  out.family(
    'sovereign_relay_requests_total',
    'counter',
    'Ended inference requests by upstream model and outcome.',
  )
  for (const { upstream, model, totals } of models) {
    for (const outcome of OUTCOMES) {
      out.sample('sovereign_relay_requests_total', { upstream, model, outcome }, totals[outcome])
    }
  }
  out.family(
    'sovereign_relay_tokens_total',
    'counter',
    'Tokens as reported upstream; cached ones are part of input.',
  )
  for (const { upstream, model, totals } of models) {
    for (const [name, type] of TOKEN_TYPES) {
      out.sample('sovereign_relay_tokens_total', { upstream, model, type }, totals[name])
    }
  }
  out.family('sovereign_relay_client_requests_total', 'counter', 'Ended inference requests by client.')
  for (const [client, totals] of source.run.clients) {
    out.sample('sovereign_relay_client_requests_total', { client }, totals.requests)
  }
  out.family('sovereign_relay_other_requests_total', 'counter', 'Requests upstream that generate nothing.')
  out.sample('sovereign_relay_other_requests_total', {}, source.otherRequests)
  renderMoney(out, source.run.total)
  out.histogram(
    'sovereign_relay_request_duration_seconds',
    'From sending upstream to the end.',
    source.duration,
  )
  out.histogram(
    'sovereign_relay_first_byte_seconds',
    'From sending upstream to the first byte.',
    source.firstByte,
  )
  renderLimits(out, source.limits)
  renderGauges(out, source)
  return out.toString()
}

function renderMoney(out: Exposition, total: Totals): void {
  const counter = (name: string, help: string, sum: bigint, scale: number, labels = {}): void => {
    out.family(name, 'counter', help)
    out.sample(name, labels, formatDecimal(sum, scale))
  }
  counter(
    'sovereign_relay_premium_requests_total',
    'Copilot premium requests by multiplier; only of models with a known one.',
    total.premiumMicro,
    PREMIUM_SCALE,
  )
  out.family(
    'sovereign_relay_ai_credits_total',
    'counter',
    'GitHub AI credits (1 credit is 0.01 USD) by source.',
  )
  out.sample(
    'sovereign_relay_ai_credits_total',
    { source: 'reported' },
    formatDecimal(total.creditsReportedNano, CREDIT_SCALE),
  )
  out.sample(
    'sovereign_relay_ai_credits_total',
    { source: 'estimated' },
    formatDecimal(total.creditsEstimatedNano, CREDIT_SCALE),
  )
  counter(
    'sovereign_relay_cost_usd_total',
    'Cost in US dollars as reported by OpenRouter and others that do so.',
    total.costPico,
    USD_SCALE,
  )
  out.family(
    'sovereign_relay_unmeasured_requests_total',
    'counter',
    'Requests of which a measure is unknown.',
  )
  const unmeasured = {
    tokens: 'tokensUnknown',
    premium_requests: 'premiumUnknown',
    ai_credits: 'creditsUnknown',
  } as const
  for (const [measure, name] of Object.entries(unmeasured)) {
    out.sample('sovereign_relay_unmeasured_requests_total', { measure }, total[name])
  }
  out.sample('sovereign_relay_unmeasured_requests_total', { measure: 'cost_usd' }, total.costUnknown)
}

/** Units differ between the samples of a family; `limit` and `unit` tell them apart. */
function renderLimits(out: Exposition, limits: LimitsView): void {
  const states = limits.all()
  const gauge = (name: string, help: string, read: (state: LimitState) => number): void => {
    if (states.length === 0) return
    out.family(name, 'gauge', help)
    for (const state of states) {
      const { scope, client, unit } = state
      out.sample(name, { scope, ...holderOf(client), limit: state.name, unit }, read(state))
    }
  }
  gauge('sovereign_relay_limit', 'Limit of a client or of the whole relay.', ({ limit }) => limit)
  gauge('sovereign_relay_limit_used', 'What is known to be used of it.', ({ used }) => used)
  const refusals = limits.refusals()
  if (refusals.length === 0) return
  out.family('sovereign_relay_limit_refusals_total', 'counter', 'Requests refused because of a limit.')
  for (const { client, code, count } of refusals) {
    const scope = client === null ? 'relay' : 'client'
    out.sample('sovereign_relay_limit_refusals_total', { scope, ...holderOf(client), code }, count)
  }
}

function holderOf(client: string | null): { readonly client?: string } {
  return client === null ? {} : { client }
}

function renderGauges(out: Exposition, source: MetricsSource): void {
  const gauge = (name: string, help: string, value: number): void => {
    out.family(name, 'gauge', help)
    out.sample(name, {}, value)
  }
  gauge('sovereign_relay_requests_in_flight', 'Inference requests under way.', source.inFlight)
  gauge(
    'sovereign_relay_start_time_seconds',
    'Start of the relay since the Unix epoch.',
    source.startedAt / 1000,
  )
  gauge(
    'sovereign_relay_usage_unsaved_requests',
    'Requests waiting to be written to disk.',
    source.storage.unsaved,
  )
  gauge(
    'sovereign_relay_usage_storage_ok',
    '1 while usage reaches the disk.',
    source.storage.state === 'ok' ? 1 : 0,
  )
  if (source.certificateExpiresAt !== undefined)
    gauge(
      'sovereign_relay_tls_certificate_expires_seconds',
      'End of the TLS certificate since the Unix epoch.',
      source.certificateExpiresAt / 1000,
    )
  const limited = source.quotas.filter((quota) => quota.percentRemaining !== null)
  // Without any limited quota there is nothing to tell: no sample is not the same as zero.
  if (limited.length === 0) return
  out.family(
    'sovereign_relay_quota_remaining_ratio',
    'gauge',
    'Part of a Copilot quota that is left; may be negative.',
  )
  for (const { id, percentRemaining } of limited) {
    out.sample('sovereign_relay_quota_remaining_ratio', { quota: id }, (percentRemaining ?? 0) / 100)
  }
}
