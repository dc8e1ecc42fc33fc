import { CODE, DEFAULT_WINDOW, H2Error, MAX_WINDOW } from './codes.ts'
import type { Outbox } from './outbox.ts'
import type { H2Stream } from './stream.ts'
import type { WindowUpdates } from './window-updates.ts'

/** What one stream sends before it is the next one's turn. */
const QUANTUM_BYTES = 64 * 1024

/** Streams that have something to send do so by turns, while there is room and window. */
export class Turns {
  private readonly outbox: Outbox
  private readonly updates: WindowUpdates
  private queue: H2Stream[] = []
  /** Of the connection. */
  private window = DEFAULT_WINDOW
  private isTaking = false
  /** Of the other side. */
  maxFrameBytes: number

  constructor(outbox: Outbox, updates: WindowUpdates, maxFrameBytes: number) {
    this.outbox = outbox
    this.updates = updates
    this.maxFrameBytes = maxFrameBytes
  }

  add(stream: H2Stream): void {
    this.enqueue(stream)
    this.take()
  }

  /** @throws H2Error for more than there may be (RFC 9113 §6.9.1). */
  addWindow(bytes: number): void {
    this.window += bytes
    if (this.window > MAX_WINDOW) throw new H2Error(CODE.flowControlError, 'a window that is too large')
    this.take()
  }

  clear(): void {
    this.queue = []
  }

  take(): void {
    // What was sent makes room for the next write of the same stream.
    if (this.isTaking) return
    this.isTaking = true
    while (this.queue.length > 0 && this.outbox.room > 0 && this.window > 0) {
      const stream = this.queue.shift()
      if (stream === undefined) break
      stream.isQueued = false
      if (stream.wantsToSend) this.send(stream)
    }
    this.isTaking = false
  }

  private send(stream: H2Stream): void {
    const { maxFrameBytes, outbox, queue, window } = this
    const quantum = queue.length > 0 ? QUANTUM_BYTES : maxFrameBytes
    const bytes = stream.next(Math.min(outbox.room, window, maxFrameBytes, quantum))
    this.window -= bytes.length
    this.updates.sent(bytes.length)
    outbox.data(stream.id, 0, bytes)
    stream.sent(bytes.length)
    this.enqueue(stream)
  }

  private enqueue(stream: H2Stream): void {
    if (stream.isQueued || !stream.wantsToSend) return
    stream.isQueued = true
    this.queue.push(stream)
  }
}
