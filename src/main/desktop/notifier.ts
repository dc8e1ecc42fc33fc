import type { Ambient } from '../../node/ambient.ts'
import type { BridgeState } from '../../shared/state/bridge-state.ts'
import { freshMemory, type Notice, type NoticeMemory, noticeRound } from './notices.ts'

export interface NotifierOptions {
  readonly state: BridgeState
  /** @returns the unsubscribe function. */
  readonly onState: (listener: (state: BridgeState) => void) => () => void
  /** Whether this person wants to be told anything. */
  readonly isWanted: () => boolean
  /** Whether they look at a window of ours anyway. */
  readonly isInFront: () => boolean
  readonly show: (notice: Notice) => void
  readonly ambient: Pick<Ambient, 'monotonicMs'>
}

/** Desktops drop or stack what comes faster. */
const SPACING_MS = 500
/** The same words twice in a row are news again after this. */
const REPEAT_MS = 60_000

/**
 * Tells a person who looks elsewhere what they should know, as notices.ts decides. What is due while they look, or
 * want to hear nothing, counts as seen and does not come later. Ends with `close`.
 */
export class Notifier {
  private readonly options: NotifierOptions
  private readonly unsubscribe: () => void
  private state: BridgeState
  private memory: NoticeMemory
  private waiting: readonly Notice[] = []
  private last: { readonly words: string; readonly at: number } | undefined
  private lookTimer: NodeJS.Timeout | undefined
  private showTimer: NodeJS.Timeout | undefined

  constructor(options: NotifierOptions) {
    this.options = options
    this.state = options.state
    this.memory = freshMemory(options.ambient.monotonicMs())
    this.unsubscribe = options.onState((state) => {
      this.state = state
      this.look()
    })
    this.look()
  }

  close(): void {
    this.unsubscribe()
    clearTimeout(this.lookTimer)
    clearTimeout(this.showTimer)
    this.waiting = []
  }

  private look(): void {
    const now = this.options.ambient.monotonicMs()
    const { lookAgainAt, memory, notices } = noticeRound(this.memory, this.state, now)
    this.memory = memory
    clearTimeout(this.lookTimer)
    if (lookAgainAt !== undefined) this.lookTimer = setTimeout(() => this.look(), lookAgainAt - now)
    if (notices.length === 0) return
    this.waiting = [...this.waiting, ...notices]
    this.showNext()
  }

  private showNext(): void {
    const { ambient, isInFront, isWanted, show } = this.options
    const now = ambient.monotonicMs()
    clearTimeout(this.showTimer)
    this.waiting =
      isWanted() && !isInFront() ? this.waiting.filter((notice) => !this.isRepeated(notice, now)) : []
    const [notice, ...rest] = this.waiting
    if (notice === undefined) return
    const waitMs = this.last === undefined ? 0 : this.last.at + SPACING_MS - now
    if (waitMs > 0) {
      this.showTimer = setTimeout(() => this.showNext(), waitMs)
      return
    }
    this.waiting = rest
    this.last = { words: wordsOf(notice), at: now }
    show(notice)
    this.showNext()
  }

  private isRepeated(notice: Notice, now: number): boolean {
    return this.last?.words === wordsOf(notice) && now - this.last.at < REPEAT_MS
  }
}

function wordsOf({ body, title }: Notice): string {
  return JSON.stringify([title, body])
}
