import { isDeepStrictEqual } from 'node:util'
import { AppError, toFailure } from '../../shared/errors/app-error.ts'
import { readUsage } from '../../shared/protocol/read-usage.ts'
import type { BridgeState } from '../../shared/state/bridge-state.ts'
import { type Matter, usageMatters } from './tray-matters.ts'
import { unknownUsage, usageWords } from './usage-words.ts'
import { words } from './words/words.ts'

export interface UsageWatchOptions {
  readonly ask: () => Promise<unknown>
  /** In ms since the epoch. */
  readonly now: () => number
  /** Called after an answer that says otherwise than the one before. */
  readonly onChange: () => void
}

const ASK_EVERY_MS = 5 * 60_000

/**
 * The usage of the month in words, asked for when the relay begins to answer, after a sign-in, and now and then.
 * While there is no relay to ask, nobody is asked. Ends with `close`.
 */
export class UsageWatch {
  private readonly options: UsageWatchOptions
  private current: string | undefined
  private known: readonly Matter[] = []
  private place: string | undefined
  /** Which relay is asked with which accounts; undefined while none can be. */
  private source: string | undefined
  private timer: NodeJS.Timeout | undefined

  constructor(options: UsageWatchOptions) {
    this.options = options
  }

  /** Undefined before anything could be asked. */
  get words(): string | undefined {
    return this.current
  }

  /** What of it somebody should look at, as far as it was told last. */
  get matters(): readonly Matter[] {
    return this.known
  }

  see(state: BridgeState): void {
    const source = sourceOf(state)
    if (state.wanted === 'disconnected') this.current = undefined
    this.follow(state.relay.place)
    if (source === this.source) return
    this.source = source
    clearTimeout(this.timer)
    if (source === undefined) return
    this.current ??= unknownUsage(words.usage.asking)
    void this.ask(source)
  }

  /** What another relay has said is none of this one's. */
  private follow(place: string): void {
    if (place === this.place) return
    this.place = place
    this.current = undefined
    this.known = []
  }

  close(): void {
    this.source = undefined
    clearTimeout(this.timer)
  }

  private async ask(source: string): Promise<void> {
    const { matters, line } = await this.answer()
    // Somebody has disconnected or signed in meanwhile.
    if (this.source !== source) return
    this.timer = setTimeout(() => void this.ask(source), ASK_EVERY_MS)
    if (line === this.current && isDeepStrictEqual(matters, this.known)) return
    this.current = line
    this.known = matters
    this.options.onChange()
  }

  private async answer(): Promise<{ readonly line: string; readonly matters: readonly Matter[] }> {
    try {
      const usage = readUsage(await this.options.ask())
      if (usage === undefined) throw new AppError('api.malformed', words.usage.otherAnswer)
      return { line: usageWords(usage, this.options.now()), matters: usageMatters(usage) }
    } catch (error) {
      return { line: unknownUsage(toFailure(error).message), matters: this.known }
    }
  }
}

function sourceOf({ wanted, relay: { place, link, health } }: BridgeState): string | undefined {
  if (wanted === 'disconnected' || link.phase !== 'connected' || health.kind !== 'ok') return undefined
  return JSON.stringify([place, health.upstreams.flatMap(({ name, signedIn }) => (signedIn ? name : []))])
}
