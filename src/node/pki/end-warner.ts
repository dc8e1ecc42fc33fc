import { DAY_MS, daysToEnd, inDays } from '../../shared/util/days.ts'
import type { Logger } from '../log.ts'
import { isoDate } from './expiry.ts'

export interface EndWarnerOptions {
  readonly log: Logger
  /** `the certificate of the server` */
  readonly what: string
  /** Besides the day, what the line of the log says more. */
  readonly facts?: object
}

/** Warns in the log that a certificate ends, once a day and of each other one. Has no timer. */
export class EndWarner {
  private readonly options: EndWarnerOptions
  private last: { readonly day: number; readonly expiresAt: number } | undefined

  constructor(options: EndWarnerOptions) {
    this.options = options
  }

  /** Times are milliseconds since the Unix epoch. Cheap enough for every stream. */
  look(expiresAt: number, now: number): void {
    const day = Math.floor(now / DAY_MS)
    if (this.last?.day === day && this.last.expiresAt === expiresAt) return
    this.last = { day, expiresAt }
    const days = daysToEnd(expiresAt, now)
    if (days === undefined) return
    const { facts: more, log, what } = this.options
    const facts = { expires: isoDate(expiresAt), ...more }
    if (expiresAt <= now) log.error(facts, `${what} has expired`)
    else log.warn(facts, `${what} expires ${inDays(days)}`)
  }
}
