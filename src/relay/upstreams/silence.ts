import type { Limits } from '../config/relay-settings.ts'

export interface SilenceEvents {
  readonly heartbeat: () => void
  readonly giveUp: (what: 'no-answer' | 'silent' | 'slow-reader') => void
}

/**
 * Listens for silence on one answer. Comments of the upstream prove that the connection is alive but not that
 * the answer grows. While the client does not read, the upstream is not expected to send.
 *
 * One timer per answer, set again only when it fires: a chunk costs no more than reading the clock.
 */
export class Silence {
  private readonly limits: Limits
  private readonly events: SilenceEvents
  private readonly firstMs: number
  private timer: NodeJS.Timeout
  private lastByteAt = performance.now()
  private lastContentAt = this.lastByteAt
  private lastSentAt = this.lastByteAt
  private heldAt: number | undefined
  private hasContent = false
  private isEventStream = false

  constructor(limits: Limits, stream: boolean, events: SilenceEvents) {
    this.limits = limits
    this.events = events
    this.firstMs = stream ? limits.firstByteMs : limits.wholeReplyMs
    this.timer = setTimeout(this.check, this.firstMs)
  }

  onAnswer(isEventStream: boolean): void {
    this.isEventStream = isEventStream
    if (isEventStream) this.check()
  }

  /** @param isContent false for headers and comments. */
  onBytes(isContent: boolean): void {
    const now = performance.now()
    this.lastByteAt = now
    this.lastSentAt = now
    if (!isContent) return
    this.lastContentAt = now
    this.hasContent = true
  }

  /** The client does not keep up. */
  hold(): void {
    this.heldAt = performance.now()
  }

  release(): void {
    this.heldAt = undefined
    this.onBytes(true)
  }

  close(): void {
    clearTimeout(this.timer)
  }

  private readonly check = (): void => {
    clearTimeout(this.timer)
    const now = performance.now()
    const deadline = this.deadline()
    if (now >= deadline.atMs) {
      this.events.giveUp(deadline.what)
      return
    }
    let next = deadline.atMs
    if (this.isEventStream && this.heldAt === undefined) {
      if (now - this.lastSentAt >= this.limits.heartbeatMs) {
        this.events.heartbeat()
        this.lastSentAt = now
      }
      next = Math.min(next, this.lastSentAt + this.limits.heartbeatMs)
    }
    this.timer = setTimeout(this.check, Math.max(1, Math.ceil(next - now)))
  }

  private deadline(): { readonly atMs: number; readonly what: 'no-answer' | 'silent' | 'slow-reader' } {
    const { betweenBytesMs, contentStallMs } = this.limits
    if (this.heldAt !== undefined) return { atMs: this.heldAt + contentStallMs, what: 'slow-reader' }
    const betweenMs = this.hasContent ? betweenBytesMs : this.firstMs
    const atMs = Math.min(
      this.lastByteAt + betweenMs,
      this.lastContentAt + Math.max(contentStallMs, betweenMs),
    )
    return { atMs, what: this.isEventStream || this.hasContent ? 'silent' : 'no-answer' }
  }
}
