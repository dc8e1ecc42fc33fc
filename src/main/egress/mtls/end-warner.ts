import type { Logger } from '../../../node/log.ts'
import { DAY_MS, inDays, WARN_DAYS } from '../../../node/pki/expiry.ts'
import { dayOf } from '../../../node/tunnel/tls-material.ts'

const REMEDY = 'Renew it with "sovereign certs renew" where the certificate authority is, and bring it here.'

/** Warns in the log that the certificate of this agent ends, once a day and of each other one. Has no timer. */
export class EndWarner {
  private readonly log: Logger
  private last: { readonly day: number; readonly expiresAt: number } | undefined

  constructor(log: Logger) {
    this.log = log
  }

  /** Times are milliseconds since the Unix epoch. Cheap enough for every stream. */
  look(expiresAt: number, now: number): void {
    const day = Math.floor(now / DAY_MS)
    if (this.last?.day === day && this.last.expiresAt === expiresAt) return
    this.last = { day, expiresAt }
    const leftMs = expiresAt - now
    const facts = { expires: dayOf(expiresAt), remedy: REMEDY }
    if (leftMs <= 0) this.log.error(facts, 'the certificate of this agent has expired')
    else if (leftMs <= WARN_DAYS * DAY_MS)
      this.log.warn(facts, `the certificate of this agent expires ${inDays(Math.floor(leftMs / DAY_MS))}`)
  }
}
