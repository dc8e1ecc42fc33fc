import type { UsageDetails } from '../../shared/protocol/usage.ts'
import { watchHalfClose } from '../server/half-close.ts'
import type { Exchange } from '../server/route.ts'

/** At most four updates a second: more than that is not read by anybody. */
const UPDATE_MS = 250
/** Keeps tunnels and proxies from taking a quiet stream for a dead one. */
const HEARTBEAT_MS = 15_000
const WATCHERS_MAX = 32

/**
 * `GET /stats/stream`: `event: snapshot` with the details at once, and again after changes. Each update replaces
 * the one before, so a slow reader just gets fewer of them and never more than one is waiting. Owns the timers and
 * the responses.
 */
export class StatsStream {
  private readonly details: () => UsageDetails
  private readonly watchers = new Set<Watcher>()
  private timer: NodeJS.Timeout | undefined
  private heartbeat: NodeJS.Timeout | undefined
  private closed = false

  constructor(details: () => UsageDetails) {
    this.details = details
  }

  changed(): void {
    if (this.watchers.size === 0 || this.timer !== undefined || this.closed) return
    this.timer = setTimeout(() => {
      this.timer = undefined
      const update = render(this.details())
      for (const watcher of this.watchers) watcher.offer(update)
    }, UPDATE_MS)
    this.timer.unref()
  }

  /** Resolves when the watcher is gone. */
  async serve({ request, response, signal }: Exchange): Promise<void> {
    if (this.closed || this.watchers.size >= WATCHERS_MAX) {
      response.writeHead(503, { 'content-type': 'text/plain', 'retry-after': '5' })
      response.end('Too many are watching already.\n')
      return
    }
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
    const watcher: Watcher = new Watcher(response)
    this.watchers.add(watcher)
    watcher.offer(render(this.details()))
    this.beat()
    const gone = Promise.withResolvers<void>()
    const leave = (): void => gone.resolve()
    const endHalfCloseWatch = watchHalfClose(request.socket, () => watcher.beat())
    response.once('close', leave)
    signal.addEventListener('abort', leave, { once: true })
    if (signal.aborted || response.destroyed) leave()
    await gone.promise
    endHalfCloseWatch()
    signal.removeEventListener('abort', leave)
    this.watchers.delete(watcher)
    watcher.close()
    if (this.watchers.size === 0) this.stopTimers()
  }

  close(): void {
    this.closed = true
    this.stopTimers()
    for (const watcher of this.watchers) watcher.close()
    this.watchers.clear()
  }

  private beat(): void {
    if (this.heartbeat !== undefined) return
    this.heartbeat = setInterval(() => {
      for (const watcher of this.watchers) watcher.beat()
    }, HEARTBEAT_MS)
    this.heartbeat.unref()
  }

  private stopTimers(): void {
    clearTimeout(this.timer)
    clearInterval(this.heartbeat)
    this.timer = undefined
    this.heartbeat = undefined
  }
}

/** One reader. While its socket is full only the newest update waits. */
class Watcher {
  private readonly response: Exchange['response']
  private waiting: string | undefined

  constructor(response: Exchange['response']) {
    this.response = response
    response.on('drain', () => {
      const update = this.waiting
      this.waiting = undefined
      if (update !== undefined) this.offer(update)
    })
    // A reader that goes away is no news; `close` follows.
    response.on('error', () => undefined)
  }

  offer(update: string): void {
    if (this.response.writableEnded || this.response.destroyed) return
    if (this.response.writableNeedDrain) this.waiting = update
    else this.response.write(update)
  }

  beat(): void {
    if (!this.response.writableNeedDrain && !this.response.writableEnded)
      this.response.write(': still here\n\n')
  }

  close(): void {
    if (!this.response.writableEnded) this.response.end()
  }
}

function render(details: UsageDetails): string {
  return `event: snapshot\ndata: ${JSON.stringify(details)}\n\n`
}
