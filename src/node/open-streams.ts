import type { Duplex } from 'node:stream'
import { cutStream } from './reset-socket.ts'

/** Connections of one owner, who lets them finish before the rest are cut. */
export class OpenStreams<Stream extends Duplex = Duplex> {
  private readonly streams = new Set<Stream>()
  private drained: PromiseWithResolvers<void> | undefined
  private timer: NodeJS.Timeout | undefined
  private cutAt = Number.POSITIVE_INFINITY

  get size(): number {
    return this.streams.size
  }

  /** It is forgotten once it is closed. */
  add<Added extends Stream>(stream: Added): Added {
    // It would never say so again.
    if (stream.closed) return stream
    this.streams.add(stream)
    stream.on('close', () => {
      this.streams.delete(stream)
      this.look()
    })
    return stream
  }

  /** Resolves when all are closed; what is open after `limitMs` is cut. Asked again, the earlier end counts. */
  drain(limitMs: number): Promise<void> {
    this.drained ??= Promise.withResolvers()
    const cutAt = performance.now() + limitMs
    if (cutAt < this.cutAt) {
      this.cutAt = cutAt
      clearTimeout(this.timer)
      this.timer = setTimeout(() => this.cut(), limitMs)
    }
    this.look()
    return this.drained.promise
  }

  private cut(): void {
    for (const stream of this.streams) cutStream(stream)
  }

  private look(): void {
    if (this.drained === undefined || this.streams.size > 0) return
    clearTimeout(this.timer)
    this.drained.resolve()
  }
}
