import { type Breakdown, emptyTotals, OTHER, type Totals } from './totals.ts'

/** What limits need to know from the accounting. All of it outlives the relay. */
export interface Ledger {
  /** Sums of this month (UTC), of one client or of all. */
  sums(client: string | undefined): Readonly<Totals>
  /** Clients that have used something in this month. */
  clients(): readonly string[]
  /** Undefined as long as there is no such note, and while the database cannot be read. */
  readNote(key: string): string | undefined
  saveNote(key: string, value: string): void
}

interface Notes {
  readNote(key: string): string | undefined
  saveNote(key: string, value: string): void
}

const NOTHING: Readonly<Totals> = emptyTotals()

export function openLedger(thisMonth: () => Breakdown, notes: Notes): Ledger {
  return {
    sums: (client) => {
      const { total, clients } = thisMonth()
      if (client === undefined) return total
      // A client that shares a row is held to the sum of that row: too early is better than never.
      return clients.get(client) ?? clients.get(OTHER) ?? NOTHING
    },
    clients: () => [...thisMonth().clients.keys()].filter((name) => name !== OTHER),
    readNote: (key) => notes.readNote(key),
    saveNote: (key, value) => notes.saveNote(key, value),
  }
}
