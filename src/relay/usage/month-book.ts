import { Breakdown, type Labels, type Totals } from './totals.ts'

type ReadMonth = (month: string) => [Labels, Totals][] | undefined

/**
 * Sums by UTC month: what this run counted, plus what earlier runs left in the database, read once. Rows of this
 * run are never read back, so nothing can be counted from both.
 */
export class MonthBook {
  private readonly readMonth: ReadMonth
  private readonly months = new Map<string, Breakdown>()
  /** Months whose earlier part could not be read yet. */
  private readonly incomplete = new Set<string>()

  constructor(readMonth: ReadMonth) {
    this.readMonth = readMonth
  }

  add(labels: Labels, totals: Totals): void {
    this.month(labels.day.slice(0, 7)).add(labels, totals)
  }

  /** For reading; months of earlier runs only are not kept in memory. */
  view(month: string, isCurrent: boolean): Breakdown {
    if (isCurrent || this.months.has(month)) {
      const breakdown = this.month(month)
      this.complete()
      return breakdown
    }
    const breakdown = new Breakdown()
    for (const [labels, totals] of this.readMonth(month) ?? []) breakdown.add(labels, totals)
    return breakdown
  }

  /** Reads what could not be read before. */
  complete(): void {
    for (const month of this.incomplete) {
      const cells = this.readMonth(month)
      if (cells === undefined) return
      this.incomplete.delete(month)
      const breakdown = this.months.get(month)
      for (const [labels, totals] of cells) breakdown?.add(labels, totals)
    }
  }

  private month(name: string): Breakdown {
    let breakdown = this.months.get(name)
    if (breakdown === undefined) {
      breakdown = new Breakdown()
      this.months.set(name, breakdown)
      this.incomplete.add(name)
      this.complete()
    }
    return breakdown
  }
}
