import { z } from 'zod'
import type { Logger } from '../../node/log.ts'
import type { LimitState } from '../../shared/protocol/usage.ts'
import type { Ledger } from '../usage/ledger.ts'

const NOTE = 'limit alerts'
const noteSchema = z.object({ month: z.string(), given: z.array(z.string()) })

/**
 * Warns in the log when a share of a monthly limit is used, once in a month for each share of each limit, also over
 * restarts: what was said is saved together with the usage that led to it.
 */
export class Alerts {
  private readonly log: Logger
  private readonly ledger: Pick<Ledger, 'readNote' | 'saveNote'>
  private month = ''
  private given = new Set<string>()

  constructor(log: Logger, ledger: Pick<Ledger, 'readNote' | 'saveNote'>) {
    this.log = log
    this.ledger = ledger
  }

  /** @param month such as `2026-11`. @param shares in rising order. */
  check(month: string, states: readonly LimitState[], shares: readonly number[]): void {
    if (month !== this.month) this.turnTo(month)
    let isNew = false
    for (const state of states) {
      for (const share of shares) {
        if (state.share < share) continue
        // A limit that was changed is another one.
        const key = [state.scope, state.client ?? '', state.name, state.limit, share].join(' ')
        if (this.given.has(key)) continue
        this.given.add(key)
        isNew = true
        this.warn(state, share)
      }
    }
    if (isNew) this.ledger.saveNote(NOTE, JSON.stringify({ month, given: [...this.given] }))
  }

  private turnTo(month: string): void {
    this.month = month
    this.given = new Set()
    try {
      const note = noteSchema.parse(JSON.parse(this.ledger.readNote(NOTE) ?? 'null'))
      if (note.month === month) this.given = new Set(note.given)
    } catch {
      // There is none yet, or it cannot be read: then an alert comes a second time.
    }
  }

  private warn(state: LimitState, alertAt: number): void {
    const { scope, client, name, unit, limit, used, resetsAt } = state
    const who = client ?? 'the relay as a whole'
    const percent = Math.round(alertAt * 100)
    this.log.warn(
      { scope, client, limitName: name, unit, limit, used, alertAt, resetsAt },
      `${who} has reached ${percent} % of ${limit} ${unit} of this month`,
    )
  }
}
