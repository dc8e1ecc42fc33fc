import type { Lane } from './lane.ts'

/** Shorter than the 5 s after which Node, Apache and others close an idle connection. */
const IDLE_MS = 4_000
const SWEEP_MS = 1_000
/** Of one user to one host. */
const IDLE_LANES_MAX = 32

/** Connections that wait for the next request of the same user to the same host. */
export class LanePool {
  private readonly idle = new Map<string, Lane[]>()
  private readonly monotonicMs: () => number
  private timer: NodeJS.Timeout | undefined
  private isClosed = false

  constructor(monotonicMs: () => number) {
    this.monotonicMs = monotonicMs
  }

  /** The one that was used last: it is the least likely to be closed by its host. */
  take(key: string): Lane | undefined {
    const lanes = this.idle.get(key)
    for (let lane = lanes?.pop(); lane !== undefined; lane = lanes?.pop()) if (lane.isOpen) return lane
    return undefined
  }

  /** The same, of those on which a request may be written as it is. */
  takePlain(key: string): Lane | undefined {
    const lanes = this.idle.get(key) ?? []
    for (let index = lanes.length - 1; index >= 0; index -= 1) {
      const lane = lanes[index]
      if (lane?.isPlain !== true) continue
      lanes.splice(index, 1)
      if (lane.isOpen) return lane
    }
    return undefined
  }

  give(key: string, lane: Lane): void {
    if (!lane.isOpen) return
    const lanes = this.idle.get(key) ?? []
    if (this.isClosed || lanes.length >= IDLE_LANES_MAX) {
      lane.end()
      return
    }
    lane.isUsed = true
    lane.idleSince = this.monotonicMs()
    if (lanes.push(lane) === 1) this.idle.set(key, lanes)
    this.timer ??= setInterval(() => this.sweep(), SWEEP_MS).unref()
  }

  /** Idempotent. */
  close(): void {
    this.isClosed = true
    clearInterval(this.timer)
    for (const lanes of this.idle.values()) for (const lane of lanes) lane.end()
    this.idle.clear()
  }

  private sweep(): void {
    const now = this.monotonicMs()
    for (const [key, lanes] of this.idle) {
      const kept = lanes.filter((lane) => lane.isOpen && now - lane.idleSince < IDLE_MS)
      for (const lane of lanes) if (!kept.includes(lane)) lane.end()
      if (kept.length === 0) this.idle.delete(key)
      else this.idle.set(key, kept)
    }
    if (this.idle.size > 0) return
    clearInterval(this.timer)
    this.timer = undefined
  }
}
