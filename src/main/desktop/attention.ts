import type { Matter } from './tray-matters.ts'

/** Which matters somebody has seen, kept between runs. */
export interface SeenMatters {
  seen(): readonly string[]
  keepSeen(keys: readonly string[]): void
}

/** What is not asked for at the moment, such as the usage of a relay that is away, is not news when it comes back. */
const MOST_KEPT = 100

/** Tells the matters that nobody has looked at yet from the others. */
export class Attention {
  private readonly memory: SeenMatters
  private seen: ReadonlySet<string>
  private matters: readonly Matter[] = []

  constructor(memory: SeenMatters) {
    this.memory = memory
    this.seen = new Set(memory.seen())
  }

  get unseen(): readonly Matter[] {
    return this.matters.filter(({ key }) => !this.seen.has(key))
  }

  /** @param isSeen somebody looks at the window right now. */
  follow(matters: readonly Matter[], isSeen: boolean): void {
    this.matters = matters
    if (isSeen) this.look()
  }

  /** Somebody has looked. */
  look(): void {
    const { unseen } = this
    if (unseen.length === 0) return
    this.seen = new Set([...this.seen, ...unseen.map(({ key }) => key)].slice(-MOST_KEPT))
    this.memory.keepSeen([...this.seen])
  }
}
