import { CODE, H2Error } from './codes.ts'
import type { H2Stream } from './stream.ts'

/** Streams reset here, for which frames may still be under way. */
const MAX_LINGERING = 4_096

/** The streams of one connection and their numbers (RFC 9113 §5.1.1). */
export class StreamTable {
  private readonly isServer: boolean
  private readonly maxLingering: number
  private readonly open = new Map<number, H2Stream>()
  private readonly lingering = new Set<number>()
  /** The highest number that the other side has used. */
  lastPeerId = 0
  private nextId = 1

  constructor(isServer: boolean, maxStreams: number) {
    this.isServer = isServer
    this.maxLingering = Math.max(MAX_LINGERING, 2 * maxStreams)
  }

  get size(): number {
    return this.open.size
  }

  all(): H2Stream[] {
    return [...this.open.values()]
  }

  get(id: number): H2Stream | undefined {
    return this.open.get(id)
  }

  /** A number for a stream of this side. */
  takeId(): number {
    const id = this.nextId
    this.nextId += 2
    return id
  }

  add(stream: H2Stream): void {
    this.open.set(stream.id, stream)
  }

  /** @returns whether it was there. */
  remove(id: number): boolean {
    return this.open.delete(id)
  }

  clear(): void {
    this.open.clear()
  }

  /** What still comes for it is no error. */
  linger(id: number): void {
    this.lingering.add(id)
    if (this.lingering.size <= this.maxLingering) return
    for (const oldest of this.lingering) {
      this.lingering.delete(oldest)
      return
    }
  }

  unlinger(id: number): void {
    this.lingering.delete(id)
  }

  /** @throws H2Error for a stream that is closed, and was not reset here. */
  refuseClosed(id: number, what: string): void {
    if (!this.lingering.has(id)) throw new H2Error(CODE.streamClosed, `${what} for a stream that is closed`)
  }

  /** RFC 9113 §5.1: nothing but headers opens a stream. @throws H2Error */
  refuseIdle(id: number, what: string): void {
    const isOwn = id % 2 === (this.isServer ? 0 : 1)
    const isIdle = id === 0 || (isOwn ? this.isServer || id >= this.nextId : id > this.lastPeerId)
    if (isIdle && !this.lingering.has(id))
      throw new H2Error(CODE.protocolError, `${what} for a stream that was never opened`)
  }
}
