import type { BridgeState } from '../shared/state/bridge-state.ts'
import { duration } from '../shared/util/amounts.ts'
import { inOwnWords } from './own-name.ts'
import { type Fact, factsOf } from './state-facts.ts'

const MINUTE_MS = 60_000
/** A lasting trouble is told again after these, then after each further hour. */
const REMINDERS_MS = [MINUTE_MS, 10 * MINUTE_MS]
const LATER_REMINDERS_MS = 60 * MINUTE_MS

interface Trouble {
  readonly since: number
  readonly toldCauses: Set<string>
  reminders: number
}

interface Told {
  readonly words: string
  readonly trouble?: Trouble
}

/**
 * One line for each thing that changed, for a log file or a pipe. What is tried again and again is told once for
 * each cause, then now and then for as long as it lasts.
 */
export class ChangeLines {
  private readonly ownName: string
  private readonly told = new Map<string, Told>()

  constructor({ ownName }: { readonly ownName: string }) {
    this.ownName = ownName
  }

  /** @param now milliseconds since the Unix epoch. */
  next(state: BridgeState, now: number): string[] {
    const isRelayHere = state.relay.kind === 'embedded'
    const facts = factsOf(state)
    const things = new Set(facts.map(([thing]) => thing))
    for (const thing of this.told.keys()) if (!things.has(thing)) this.told.delete(thing)
    return facts.flatMap(([thing, fact]) => {
      const words = this.tell(thing, fact, now)
      return words === undefined ? [] : [inOwnWords(`${thing}: ${words}`, this.ownName, { isRelayHere })]
    })
  }

  private tell(thing: string, fact: Fact, now: number): string | undefined {
    const before = this.told.get(thing)
    if (fact.kind === 'trouble') return this.tellTrouble(thing, fact, now, before?.trouble)
    const { words, note = '', back, kind } = fact
    if (before?.trouble !== undefined && kind === 'passing') return undefined
    this.told.set(thing, { words })
    if (before?.trouble !== undefined && back !== undefined)
      return `${back} after ${duration(now - before.trouble.since)}${note}`
    return before?.words === words ? undefined : words + note
  }

  private tellTrouble(
    thing: string,
    { doing, cause, detail }: Extract<Fact, { kind: 'trouble' }>,
    now: number,
    trouble: Trouble = { since: now, toldCauses: new Set(), reminders: 0 },
  ): string | undefined {
    this.told.set(thing, { words: '', trouble })
    if (!trouble.toldCauses.has(cause.code)) {
      trouble.toldCauses.add(cause.code)
      return `${doing}: ${detail}`
    }
    const lasted = now - trouble.since
    if (lasted < reminderMs(trouble.reminders)) return undefined
    while (lasted >= reminderMs(trouble.reminders)) trouble.reminders += 1
    return `still ${doing} after ${duration(lasted)}: ${detail}`
  }
}

/** Age of a trouble at which the reminder of this number is due. */
function reminderMs(number: number): number {
  return REMINDERS_MS[number] ?? (number - REMINDERS_MS.length + 1) * LATER_REMINDERS_MS
}
