import type { Ambient } from '../../node/ambient.ts'
import type { Logger } from '../../node/log.ts'
import type { AppError } from '../../shared/errors/app-error.ts'
import type { LimitsConfig } from '../../shared/protocol/limits.ts'
import type { LimitState } from '../../shared/protocol/usage.ts'
import { formatDecimal } from '../usage/exact.ts'
import type { Ledger } from '../usage/ledger.ts'
import type { RequestFacts } from '../usage/recorder.ts'
import { monthEnd, utcMonth } from '../usage/usage-row.ts'
import { Alerts } from './alerts.ts'
import { type Budget, type Rules, rulesOf } from './budgets.ts'
import { concurrencyExceeded, type Holder, monthSpent, rateExceeded } from './limit-reached.ts'
import { limitStates, monthlyStates, type Standing, spentOf } from './limit-report.ts'
import type { Admission } from './limited-recorder.ts'
import type { LimitRefusals, LimitsView } from './limits-view.ts'
import { SlidingWindow } from './sliding-window.ts'

export interface LimitKeeperOptions {
  readonly ambient: Ambient
  readonly log: Logger
  readonly ledger: Ledger
  readonly config: LimitsConfig
  /** Clients that have a token. */
  readonly clientNames: () => readonly string[]
}

const ALERT_AT = [0.8, 1]

/** What is known about a holder of limits in this run; the sums of the month are in the ledger. */
class Meter {
  readonly window = new SlidingWindow()
  underWay = 0
}

/**
 * Lets requests in as long as all limits of their client and of the whole relay have room. A monthly limit is held
 * against what is known so far, so requests under way together can go beyond it by what they cost.
 */
export class LimitKeeper implements Admission, LimitsView {
  private readonly options: LimitKeeperOptions
  private readonly alerts: Alerts
  private readonly relayMeter = new Meter()
  private readonly meters = new Map<string, Meter>()
  private readonly refused = new Map<string, LimitRefusals & { count: number }>()
  private relayRules = rulesOf({}, false)
  private defaultRules = rulesOf({}, true)
  private clientRules: ReadonlyMap<string, Rules> = new Map()
  private alertAt: readonly number[] = ALERT_AT

  constructor(options: LimitKeeperOptions) {
    this.options = options
    this.alerts = new Alerts(options.log, options.ledger)
    this.apply(options.config)
  }

  get alertShares(): readonly number[] {
    return this.alertAt
  }

  /** From the next request on; those under way go on. */
  apply(config: LimitsConfig): void {
    this.relayRules = rulesOf(config.relay ?? {}, false)
    this.defaultRules = rulesOf(config.default ?? {}, true)
    this.clientRules = new Map(
      Object.entries(config.clients ?? {}).map(([name, set]) => [name, rulesOf(set, false)]),
    )
    this.alertAt = [...new Set(config.alert_at ?? ALERT_AT)].sort((left, right) => left - right)
    for (const holder of this.holders()) this.checkAlerts(holder)
  }

  admit(facts: RequestFacts): () => void {
    const { client } = facts
    const holders = [client, undefined]
    for (const holder of holders) this.check(holder, facts)
    for (const holder of holders) this.enter(holder)
    const meter = this.meterOf(client)
    return () => {
      meter.underWay -= 1
      this.relayMeter.underWay -= 1
      for (const holder of holders) this.checkAlerts(holder)
    }
  }

  of(client: string): LimitState[] {
    return [client, undefined].flatMap((holder) => limitStates(this.standing(holder)))
  }

  all(): LimitState[] {
    return this.holders().flatMap((holder) => limitStates(this.standing(holder)))
  }

  refusals(): readonly LimitRefusals[] {
    return [...this.refused.values()]
  }

  /** Another client may get the name of one that is gone; it begins with an empty minute. */
  forget(client: string): void {
    this.meters.delete(client)
  }

  /** @throws AppError */
  private check(holder: Holder, facts: RequestFacts): void {
    const failure = this.obstacle(holder, facts)
    if (failure === undefined) return
    const key = `${holder ?? ''} ${failure.code}`
    const counted = this.refused.get(key) ?? { client: holder ?? null, code: failure.code, count: 0 }
    counted.count += 1
    this.refused.set(key, counted)
    throw failure
  }

  private obstacle(holder: Holder, facts: RequestFacts): AppError | undefined {
    const rules = this.rulesOf(holder)
    const spent = rules.budgets.length > 0 ? this.spentBudget(holder, facts) : undefined
    if (spent !== undefined) return spent
    const { underWay, window } = this.meterOf(holder)
    if (rules.perMinute !== undefined) {
      const waitMs = window.waitMs(rules.perMinute, this.options.ambient.monotonicMs())
      if (waitMs > 0) return rateExceeded(holder, rules.perMinute, waitMs)
    }
    if (rules.concurrent !== undefined && underWay >= rules.concurrent)
      return concurrencyExceeded(holder, rules.concurrent)
    return undefined
  }

  private spentBudget(holder: Holder, facts: RequestFacts): AppError | undefined {
    const { ambient, ledger } = this.options
    const totals = ledger.sums(holder)
    const { underWay } = this.meterOf(holder)
    for (const budget of this.rulesOf(holder).budgets) {
      const { kind, exact } = budget
      if (!kind.concerns(facts)) continue
      const spent = spentOf(kind, totals, underWay)
      if (spent < exact) continue
      const now = ambient.now()
      return monthSpent(
        holder,
        budget,
        Number(formatDecimal(spent, kind.scale)),
        monthEnd(utcMonth(now)),
        now,
      )
    }
    return undefined
  }

  private enter(holder: Holder): void {
    const meter = this.meterOf(holder)
    meter.underWay += 1
    // Without a limit nobody would ever take the times out again.
    if (this.rulesOf(holder).perMinute !== undefined) meter.window.add(this.options.ambient.monotonicMs())
  }

  private checkAlerts(holder: Holder): void {
    const { budgets } = this.rulesOf(holder)
    if (budgets.length === 0) return
    const totals = this.options.ledger.sums(holder)
    const { underWay } = this.meterOf(holder)
    const isNear = ({ kind, exact }: Budget): boolean =>
      Number(spentOf(kind, totals, underWay)) >= Number(exact) * this.nearAt
    if (!budgets.some(isNear)) return
    const standing = this.standing(holder)
    this.alerts.check(standing.generatedAt.slice(0, 7), monthlyStates(standing), this.alertAt)
  }

  private standing(holder: Holder): Standing {
    const { ambient, ledger } = this.options
    const { window, underWay } = this.meterOf(holder)
    const now = ambient.now()
    return {
      holder,
      rules: this.rulesOf(holder),
      totals: ledger.sums(holder),
      lastMinute: window.count(ambient.monotonicMs()),
      underWay,
      generatedAt: new Date(now).toISOString(),
      resetsAt: monthEnd(utcMonth(now)),
      nearAt: this.nearAt,
    }
  }

  private get nearAt(): number {
    return Math.min(1, ...this.alertAt)
  }

  private rulesOf(holder: Holder): Rules {
    if (holder === undefined) return this.relayRules
    return this.clientRules.get(holder) ?? this.defaultRules
  }

  private meterOf(holder: Holder): Meter {
    if (holder === undefined) return this.relayMeter
    let meter = this.meters.get(holder)
    if (meter === undefined) {
      meter = new Meter()
      this.meters.set(holder, meter)
    }
    return meter
  }

  /** The relay first, then everybody to whom limits apply, in order. */
  private holders(): Holder[] {
    const { ledger, clientNames } = this.options
    const names = new Set([...this.clientRules.keys(), ...clientNames(), ...ledger.clients()])
    return [undefined, ...[...names].sort()]
  }
}
