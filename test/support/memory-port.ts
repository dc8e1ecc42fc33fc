import type { MessagePortLike } from '../../src/shared/bridge-api/port.ts'
import type { AppError } from '../../src/shared/errors/app-error.ts'

export interface MemoryPort extends MessagePortLike {
  /** While stalled, this end sends nothing on and reports a slow reader after the first message. */
  stall(): void
  resume(): void
  /** Messages that are waiting in this end. */
  readonly waiting: number
}

/** Two ports that are each other's other side, in the manner of a MessageChannel: copies, in order, later. */
export function memoryPorts(): readonly [MemoryPort, MemoryPort] {
  const a = new End()
  const b = new End()
  a.peer = b
  b.peer = a
  return [a, b]
}

class End implements MemoryPort {
  peer: End | undefined
  private readonly messageListeners = new Set<(message: unknown) => void>()
  private readonly drainListeners = new Set<() => void>()
  private readonly closeListeners = new Set<(reason: AppError | undefined) => void>()
  private queue: unknown[] = []
  private isStalled = false
  private isClosed = false

  get waiting(): number {
    return this.queue.length
  }

  send(message: unknown): boolean {
    if (this.isClosed) return true
    const copy: unknown = JSON.parse(JSON.stringify(message))
    if (this.isStalled) this.queue.push(copy)
    else queueMicrotask(() => this.peer?.receive(copy))
    return !this.isStalled
  }

  stall(): void {
    this.isStalled = true
  }

  resume(): void {
    this.isStalled = false
    for (const message of this.queue.splice(0)) this.send(message)
    for (const listener of [...this.drainListeners]) listener()
  }

  onMessage(listener: (message: unknown) => void): () => void {
    this.messageListeners.add(listener)
    return () => this.messageListeners.delete(listener)
  }

  onDrain(listener: () => void): () => void {
    this.drainListeners.add(listener)
    return () => this.drainListeners.delete(listener)
  }

  onClose(listener: (reason: AppError | undefined) => void): () => void {
    this.closeListeners.add(listener)
    return () => this.closeListeners.delete(listener)
  }

  close(reason?: AppError): void {
    queueMicrotask(() => {
      this.end(reason)
      this.peer?.end(reason)
    })
  }

  private receive(message: unknown): void {
    if (this.isClosed) return
    for (const listener of [...this.messageListeners]) listener(message)
  }

  private end(reason: AppError | undefined): void {
    if (this.isClosed) return
    this.isClosed = true
    for (const listener of [...this.closeListeners]) listener(reason)
  }
}
