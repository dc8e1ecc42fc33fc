import { randomUUID } from 'node:crypto'
import type { Ambient } from '../../node/ambient.ts'
import type { Logger } from '../../node/log.ts'
import type { RecentRequests } from '../../shared/protocol/recent-requests.ts'
import type { UsageDetails, UsageSummary } from '../../shared/protocol/usage.ts'
import { type LimitsView, NO_LIMITS } from '../limits/limits-view.ts'
import type { Route } from '../server/route.ts'
import { auditOf } from './audit.ts'
import { Histogram } from './histogram.ts'
import { type Ledger, openLedger } from './ledger.ts'
import { renderMetrics } from './metrics.ts'
import { MonthBook } from './month-book.ts'
import { PriceList } from './price-list.ts'
import { AccountState } from './quota.ts'
import { RECENT_MAX, RecentRows } from './recent.ts'
import type { RequestFacts, RequestRecord, UsageRecorder } from './recorder.ts'
import { reportBreakdown, reportTotals } from './report.ts'
import { type RequestHost, TrackedRequest } from './request-tracker.ts'
import { StatsStream } from './stats-stream.ts'
import { UsageStorage } from './storage.ts'
import { Breakdown, contribution } from './totals.ts'
import { usageRoutes } from './usage-routes.ts'
import { isInference, monthEnd, type UsageRow, utcMonth } from './usage-row.ts'
import { UsdPrices } from './usd-prices.ts'

export interface UsageOptions {
  /** Folder of usage.db; created when missing. */
  readonly dir: string
  readonly ambient: Ambient
  readonly log: Logger
  /** Whether the relay holds a Copilot credential right now; shown as `authenticated` in /stats. */
  readonly authenticated?: () => boolean
  /** When the TLS certificate of the relay expires, in milliseconds since the Unix epoch; where there is one. */
  readonly certificateExpiresAt?: () => number | undefined
  /** Days after which single requests are kept as sums only; 400 by default. */
  readonly keepDays?: number | undefined
  /** Told in /stats and /metrics. */
  readonly limits?: () => LimitsView
  /** Families of others for /metrics, in the text format. */
  readonly moreMetrics?: () => string
  /** Somebody looks at usage of OpenRouter; its price list may be old, or not there yet. */
  readonly onDollarPrices?: () => void
}

/**
 * Counts what goes through the relay and tells about it. Owns the database and the open /stats streams.
 *
 * Each request is counted once, under the UTC day on which it began, when it ends. One that is still under way
 * when the relay is killed turns up as `lost` after the next start, if it had been running for a quarter of a
 * second; what ended within the last quarter of a second before a kill is lost without a trace.
 */
export interface Usage {
  readonly recorder: UsageRecorder
  /** `/stats`, `/stats/stream` and `/metrics`. */
  routes(): Route[]
  /** The parsed body of Copilot's `GET /models`; multipliers and token prices are read from it. */
  onModels(models: unknown): void
  /** The parsed body of OpenRouter's `GET /api/v1/models`; token prices are read from it. */
  onOpenrouterModels(models: unknown): void
  /** The parsed body of `GET /copilot_internal/user`. */
  onQuota(snapshot: unknown): void
  /** What limits are held against. */
  readonly ledger: Ledger
  /** This month so far, with the limits of a client where one is named. */
  summary(client?: string): UsageSummary
  /** A month, the current one by default (`2026-11`), with its tables. */
  details(month?: string): UsageDetails
  /** The newest requests first, those under way included. */
  recent(): RecentRequests
  /** Something changed that statistics tell and that no request brought about. */
  changed(): void
  /** Writes what is left and closes the database. Idempotent. */
  close(): void
}

/** Never throws: without a usable database the sums live in memory, and the summary says so. */
export function openUsage(options: UsageOptions): Usage {
  return new UsageStore(options)
}

const ACCOUNT_NOTE = 'copilot account'

/** Seconds; answers take from a fraction of one to many minutes. */
const DURATION_BOUNDS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600]
const FIRST_BYTE_BOUNDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120]

class UsageStore implements Usage, UsageRecorder, RequestHost {
  readonly ambient: Ambient
  readonly boot = randomUUID()
  readonly prices = new PriceList()
  private readonly usdPrices = new UsdPrices()
  readonly ledger: Ledger
  private readonly log: Logger
  private readonly authenticated: () => boolean
  private readonly certificateExpiresAt: () => number | undefined
  private readonly limits: () => LimitsView
  private readonly moreMetrics: () => string
  private readonly onDollarPrices: () => void
  private readonly startedAt: number
  private readonly startedMs: number
  private readonly account = new AccountState()
  private readonly run = new Breakdown()
  private readonly months: MonthBook
  private readonly storage: UsageStorage
  private readonly stream: StatsStream
  private readonly active = new Set<TrackedRequest>()
  private readonly recentRows = new RecentRows()
  private readonly duration = new Histogram(DURATION_BOUNDS)
  private readonly firstByte = new Histogram(FIRST_BYTE_BOUNDS)
  private nextSeq = 1
  private otherRequests = 0

  constructor(options: UsageOptions) {
    this.ambient = options.ambient
    this.log = options.log
    this.authenticated = options.authenticated ?? (() => false)
    this.certificateExpiresAt = options.certificateExpiresAt ?? (() => undefined)
    this.limits = options.limits ?? (() => NO_LIMITS)
    this.moreMetrics = options.moreMetrics ?? (() => '')
    this.onDollarPrices = options.onDollarPrices ?? (() => undefined)
    this.startedAt = this.ambient.now()
    this.startedMs = this.ambient.monotonicMs()
    this.storage = new UsageStorage({
      dir: options.dir,
      boot: this.boot,
      ambient: this.ambient,
      log: this.log,
      openRows: () => this.openRows(),
      isIdle: () => this.active.size === 0,
      onOpened: () => this.readEarlierRuns(),
      keepDays: options.keepDays,
    })
    this.months = new MonthBook((month) => this.storage.readMonth(month))
    this.ledger = openLedger(() => this.view(utcMonth(this.ambient.now())), this.storage)
    this.stream = new StatsStream(() => this.details())
    this.storage.open()
  }

  get recorder(): UsageRecorder {
    return this
  }

  begin(facts: RequestFacts): RequestRecord {
    const request = new TrackedRequest(this, this.nextSeq++, facts)
    if (!isInference(facts.endpoint)) {
      this.otherRequests += 1
      return request
    }
    this.active.add(request)
    this.storage.wake()
    this.stream.changed()
    return request
  }

  onEnd(request: TrackedRequest, row: UsageRow): void {
    if (!this.active.delete(request)) return
    const totals = contribution(row)
    const accepted = row.status !== null && row.status >= 200 && row.status < 300
    const labels = { ...row, modelIsReal: accepted || this.prices.has(row.model) }
    this.months.add(labels, totals)
    this.run.add(labels, totals)
    this.storage.save(row)
    this.recentRows.add(row)
    this.log.info(auditOf(row, request.requestId), 'inference request ended')
    if (row.durationMs !== null) this.duration.observe(row.durationMs / 1000)
    if (row.firstByteMs !== null) this.firstByte.observe(row.firstByteMs / 1000)
    this.stream.changed()
  }

  onQuotaHeaders(headers: Readonly<Record<string, string | string[] | undefined>>): void {
    if (this.account.takeHeaders(headers, this.ambient.now())) this.accountChanged()
  }

  onQuotaSnapshots(snapshots: unknown): void {
    this.account.takeSnapshots(snapshots, 'Copilot response body', this.ambient.now())
    this.accountChanged()
  }

  onBug(error: unknown): void {
    this.log.error({ err: error }, 'a request could not be accounted for properly')
  }

  routes(): Route[] {
    return usageRoutes({
      summary: (client) => this.summary(client),
      details: (month) => this.details(month),
      recent: () => this.recent(),
      metrics: () => this.metrics(),
      stream: this.stream,
    })
  }

  onModels(models: unknown): void {
    if (!this.prices.update(models, this.ambient.now()))
      this.log.warn('the model list of Copilot could not be read for prices')
  }

  onOpenrouterModels(models: unknown): void {
    if (!this.usdPrices.update(models, this.ambient.now()))
      this.log.warn('the model list of OpenRouter could not be read for prices')
  }

  onQuota(snapshot: unknown): void {
    this.account.takeUserPage(snapshot, this.ambient.now())
    this.accountChanged()
  }

  summary(client?: string): UsageSummary {
    const limits = client === undefined ? [] : this.limits().of(client)
    return { ...this.summaryOf(utcMonth(this.ambient.now())), limits }
  }

  details(month = utcMonth(this.ambient.now())): UsageDetails {
    const prices = { copilot: this.prices, openrouter: this.usdPrices }
    const breakdown = reportBreakdown(this.view(month), prices)
    if (breakdown.models.some(({ upstream }) => upstream === 'openrouter')) this.onDollarPrices()
    return {
      ...this.summaryOf(month),
      ...breakdown,
      account: this.account.account,
      quotas: this.account.quotas(),
      // They stand as they are now, which says nothing about another month.
      limits: month === utcMonth(this.ambient.now()) ? this.limits().all() : [],
    }
  }

  recent(): RecentRequests {
    return {
      generatedAt: new Date(this.ambient.now()).toISOString(),
      requests: this.recentRows.list([...this.active].map((request) => request.openRow())),
    }
  }

  changed(): void {
    this.stream.changed()
  }

  close(): void {
    this.stream.close()
    this.storage.close()
  }

  private view(month: string): Breakdown {
    return this.months.view(month, month === utcMonth(this.ambient.now()))
  }

  private summaryOf(month: string): Omit<UsageSummary, 'limits'> {
    const generatedAt = new Date(this.ambient.now()).toISOString()
    const totals = reportTotals(this.view(month).total)
    return {
      requests: totals.requests,
      premium_requests_used: totals.premiumRequests.value,
      authenticated: this.authenticated(),
      uptime: (this.ambient.monotonicMs() - this.startedMs) / 1000,
      month,
      resetsAt: monthEnd(month),
      generatedAt,
      inFlight: this.active.size,
      totals,
      counts: { unit: 'requests', source: 'counted by this relay', asOf: generatedAt },
      premiumRequestsApply: this.account.premiumRequestsApply(),
      storage: this.storage.health(),
    }
  }

  private metrics(): string {
    const own = renderMetrics({
      certificateExpiresAt: this.certificateExpiresAt(),
      run: this.run,
      startedAt: this.startedAt,
      inFlight: this.active.size,
      otherRequests: this.otherRequests,
      duration: this.duration,
      firstByte: this.firstByte,
      quotas: this.account.quotas(),
      storage: this.storage.health(),
      limits: this.limits(),
    })
    return own + this.moreMetrics()
  }

  private openRows(): UsageRow[] {
    const rows: UsageRow[] = []
    for (const request of this.active) {
      if (request.isStored) continue
      request.isStored = true
      rows.push(request.openRow())
    }
    return rows
  }

  private accountChanged(): void {
    this.storage.saveNote(ACCOUNT_NOTE, this.account.save())
    this.stream.changed()
  }

  private readEarlierRuns(): void {
    this.months.complete()
    this.recentRows.addEarlier(this.storage.readRecent(RECENT_MAX))
    const note = this.storage.readNote(ACCOUNT_NOTE)
    // What came from Copilot in this run is newer than any note.
    if (note === undefined || this.account.isKnown) return
    try {
      this.account.restore(note)
    } catch (error) {
      this.log.warn({ err: error }, 'the quota of the last run could not be read')
    }
  }
}
