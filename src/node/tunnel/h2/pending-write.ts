/** The write of a stream that is under way, of which each turn takes some. */
export class PendingWrite {
  readonly done: (error?: Error | null) => void
  private readonly data: Buffer
  private offset = 0

  constructor(data: Buffer, done: (error?: Error | null) => void) {
    this.data = data
    this.done = done
  }

  /** @returns at most so many bytes. */
  next(max: number): Buffer {
    return this.data.subarray(this.offset, this.offset + Math.min(max, this.data.length - this.offset))
  }

  /** @returns whether it was all. */
  sent(bytes: number): boolean {
    this.offset += bytes
    return this.offset >= this.data.length
  }
}
