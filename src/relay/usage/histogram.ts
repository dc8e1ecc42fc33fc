/** Counts of observations up to each bound, as Prometheus wants them. */
export class Histogram {
  readonly bounds: readonly number[]
  readonly counts: number[]
  sum = 0
  count = 0

  constructor(bounds: readonly number[]) {
    this.bounds = bounds
    this.counts = bounds.map(() => 0)
  }

  observe(value: number): void {
    this.sum += value
    this.count += 1
    for (const [index, bound] of this.bounds.entries()) {
      if (value <= bound) this.counts[index] = (this.counts[index] ?? 0) + 1
    }
  }
}
