import type { Ambient } from '../../node/ambient.ts'
import { BodyReader } from './body-reader.ts'
import type { Multiplier } from './multipliers.ts'
import type { PriceList } from './price-list.ts'
import type { RequestFacts, RequestOutcome, RequestRecord } from './recorder.ts'
import { cleanName, isInference, isPrompt, type PremiumSource, type UsageRow, utcDay } from './usage-row.ts'

type Headers = Readonly<Record<string, string | string[] | undefined>>

/** What a request needs of the store while it is under way. */
export interface RequestHost {
  readonly ambient: Ambient
  readonly boot: string
  readonly prices: PriceList
  onQuotaHeaders(headers: Headers): void
  onQuotaSnapshots(snapshots: unknown): void
  onEnd(request: TrackedRequest, row: UsageRow): void
  /** Something in the accounting itself failed; the request goes on. */
  onBug(error: unknown): void
}

/** One request on its way. Every entry is fenced: a mistake in here must not break an answer. */
export class TrackedRequest implements RequestRecord {
  readonly seq: number
  /** An `open` row of it is, or is about to be, in the database. */
  isStored = false
  private readonly host: RequestHost
  private readonly facts: RequestFacts
  private readonly at: number
  private readonly startedMs: number
  private status: number | undefined
  private firstByteMs: number | undefined
  private body: BodyReader | undefined
  private ended = false

  constructor(host: RequestHost, seq: number, facts: RequestFacts) {
    this.host = host
    this.seq = seq
    this.facts = facts
    this.at = host.ambient.now()
    this.startedMs = host.ambient.monotonicMs()
  }

  get requestId(): string | undefined {
    return this.facts.requestId
  }

  /** Called again when the relay retries after a 401: the last answer is the one that counts. */
  onResponse(status: number, headers: Headers): void {
    this.fenced(() => {
      this.status = status
      this.body = undefined
      this.firstByteMs = undefined
      if (this.facts.upstream === 'copilot') this.host.onQuotaHeaders(headers)
      if (!isInference(this.facts.endpoint)) return
      const wantsModel = this.facts.model === '' || /(?:^|\/)auto$/.test(this.facts.model)
      this.body = new BodyReader(
        header(headers, 'content-type'),
        header(headers, 'content-encoding'),
        wantsModel,
      )
    })
  }

  onBody(chunk: Uint8Array): void {
    this.fenced(() => {
      this.firstByteMs ??= this.host.ambient.monotonicMs() - this.startedMs
      this.body?.read(chunk)
    })
  }

  finish(outcome: RequestOutcome): void {
    this.fenced(() => {
      const snapshots = this.body?.measurement.quotaSnapshots
      if (snapshots !== undefined) this.host.onQuotaSnapshots(snapshots)
      const row = this.endRow(outcome)
      this.ended = true
      this.body = undefined
      this.host.onEnd(this, row)
    })
  }

  /** The row that stands for the request until its end is known. */
  openRow(): UsageRow {
    const { upstream, endpoint, model, client, stream, initiator } = this.facts
    return {
      boot: this.host.boot,
      seq: this.seq,
      at: this.at,
      day: utcDay(this.at),
      durationMs: null,
      firstByteMs: null,
      upstream,
      endpoint: cleanName(endpoint),
      model: cleanName(model),
      client: cleanName(client),
      stream: stream ? 1 : 0,
      initiator,
      outcome: 'open',
      status: null,
      tokensSource: 'unknown',
      input: 0,
      cachedInput: 0,
      cacheWrite: 0,
      output: 0,
      reasoning: 0,
      premiumSource: this.mayBePremium() ? 'unknown' : null,
      premiumMicro: 0n,
      creditsSource: upstream === 'copilot' ? 'unknown' : null,
      creditsNano: 0n,
      costSource: upstream === 'openrouter' ? 'unknown' : null,
      costPico: 0n,
    }
  }

  private endRow(outcome: RequestOutcome): UsageRow {
    const measured = this.body?.measurement
    const tokens = measured?.tokens()
    const accepted = this.status !== undefined && this.status >= 200 && this.status < 300
    const model = cleanName(measured?.model ?? this.facts.model)
    const isFailure = outcome === 'completed' && (!accepted || measured?.isError === true)
    return {
      ...this.openRow(),
      model,
      durationMs: this.host.ambient.monotonicMs() - this.startedMs,
      firstByteMs: this.firstByteMs ?? null,
      outcome: isFailure ? 'failed' : outcome,
      status: this.status ?? null,
      ...tokens,
      tokensSource: tokens !== undefined ? 'reported' : this.mayHaveUsage() ? 'unknown' : null,
      ...this.premium(model, accepted),
      ...this.credits(model),
      ...this.cost(),
    }
  }

  /** Refused requests use nothing. One that was given up before any answer may have: nobody knows. */
  private mayHaveUsage(): boolean {
    return this.status === undefined || this.status < 300
  }

  private mayBePremium(): boolean {
    const { upstream, initiator, endpoint } = this.facts
    return upstream === 'copilot' && initiator === 'user' && isPrompt(endpoint)
  }

  private premium(model: string, accepted: boolean): Pick<UsageRow, 'premiumSource' | 'premiumMicro'> {
    if (!this.mayBePremium() || !accepted) return { premiumSource: null, premiumMicro: 0n }
    const multiplier = this.host.prices.multiplier(model)
    return { premiumSource: premiumSource(multiplier), premiumMicro: multiplier?.micro ?? 0n }
  }

  private credits(model: string): Pick<UsageRow, 'creditsSource' | 'creditsNano'> {
    const measured = this.body?.measurement
    if (this.facts.upstream !== 'copilot') return { creditsSource: null, creditsNano: 0n }
    if (measured?.creditsNano !== undefined) {
      return { creditsSource: 'reported', creditsNano: measured.creditsNano }
    }
    const tokens = measured?.tokens()
    const estimate = tokens === undefined ? undefined : this.host.prices.estimateNano(model, tokens)
    if (estimate !== undefined) return { creditsSource: 'estimated', creditsNano: estimate }
    return { creditsSource: this.mayHaveUsage() ? 'unknown' : null, creditsNano: 0n }
  }

  private cost(): Pick<UsageRow, 'costSource' | 'costPico'> {
    const { upstream, isFree } = this.facts
    if (isFree === true) return { costSource: 'reported', costPico: 0n }
    const cost = upstream === 'copilot' ? undefined : this.body?.measurement.costPico
    if (cost !== undefined) return { costSource: 'reported', costPico: cost }
    // Of the others nobody knows whether they ever report any.
    const isMissing = upstream === 'openrouter' && this.mayHaveUsage()
    return { costSource: isMissing ? 'unknown' : null, costPico: 0n }
  }

  private fenced(work: () => void): void {
    if (this.ended) return
    try {
      work()
    } catch (error) {
      this.host.onBug(error)
    }
  }
}

function premiumSource(multiplier: Multiplier | undefined): PremiumSource {
  if (multiplier === undefined) return 'unknown'
  if (multiplier.source === 'live Copilot model list') return 'live'
  return multiplier.source === 'annual plan table of 2026-06' ? 'annual' : 'seed'
}

function header(headers: Headers, name: string): string {
  const value = headers[name]
  return (Array.isArray(value) ? value[0] : value) ?? ''
}
