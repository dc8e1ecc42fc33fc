const WINDOW_MS = 60_000
/** How many times that are over may lie at the front before the list is made new. */
const SLACK = 1024

/**
 * When requests were let in during the last minute. Exact: in no 60 seconds, wherever they begin, are there more
 * than the limit, which a counter that starts again every minute, or a bucket with a full burst, cannot say.
 */
export class SlidingWindow {
  private times: number[] = []
  private first = 0

  /** Requests within the last minute. @param now monotonic, in ms. */
  count(now: number): number {
    while (this.first < this.times.length && (this.times[this.first] ?? 0) <= now - WINDOW_MS) this.first += 1
    if (this.first > SLACK) {
      this.times = this.times.slice(this.first)
      this.first = 0
    }
    return this.times.length - this.first
  }

  /** Milliseconds until another request may come; 0 when it may come now. */
  waitMs(limit: number, now: number): number {
    const count = this.count(now)
    if (count < limit) return 0
    // With this one gone there is room, also where the limit was lowered meanwhile.
    const blocking = this.times[this.first + count - limit] ?? now
    return blocking + WINDOW_MS - now
  }

  add(now: number): void {
    this.times.push(now)
  }
}
