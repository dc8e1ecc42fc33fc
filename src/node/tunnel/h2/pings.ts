import { FRAME } from './codes.ts'
import { frameOf } from './frames.ts'

/** That wait for their answer. */
const MAX_WAITING = 16

interface Waiting {
  readonly sentAt: number
  done(ms: number | undefined): void
}

/** Pings of this side, each with a number of its own (RFC 9113 §6.7). */
export class Pings {
  private readonly waiting = new Map<number, Waiting>()
  private next = 1

  /** @returns the time until the answer in milliseconds, or undefined where none comes. */
  send(push: (frame: Buffer) => void): Promise<number | undefined> {
    if (this.waiting.size >= MAX_WAITING) return Promise.resolve(undefined)
    return new Promise((done) => {
      const number = this.next++
      this.waiting.set(number, { sentAt: performance.now(), done })
      const payload = Buffer.alloc(8)
      payload.writeUInt32BE(number, 4)
      push(frameOf(FRAME.ping, 0, 0, payload))
    })
  }

  answered(payload: Buffer): void {
    const number = payload.readUInt32BE(4)
    const ping = this.waiting.get(number)
    this.waiting.delete(number)
    ping?.done(performance.now() - ping.sentAt)
  }

  fail(): void {
    for (const { done } of this.waiting.values()) done(undefined)
    this.waiting.clear()
  }
}
