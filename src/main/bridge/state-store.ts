import type { BridgeState } from '../../shared/state/bridge-state.ts'

export type StateChange = Partial<Omit<BridgeState, 'revision'>>

/** The only place where the state of the bridge changes; every change is published whole. */
export class StateStore {
  private current: BridgeState
  private readonly listeners = new Set<(state: BridgeState) => void>()
  /** Parts of the bridge itself, which nobody looks at. */
  private readonly insiders = new Set<(state: BridgeState) => void>()

  constructor(initial: Omit<BridgeState, 'revision'>) {
    this.current = { revision: 1, ...initial }
  }

  get state(): BridgeState {
    return this.current
  }

  get isWatched(): boolean {
    return this.listeners.size > 0
  }

  update(change: StateChange): void {
    this.current = { ...this.current, ...change, revision: this.current.revision + 1 }
    for (const listener of [...this.listeners, ...this.insiders]) listener(this.current)
  }

  /** @returns the unsubscribe function. */
  subscribe(listener: (state: BridgeState) => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  /** As subscribe, for a part of the bridge. */
  observe(listener: (state: BridgeState) => void): () => void {
    this.insiders.add(listener)
    return () => this.insiders.delete(listener)
  }
}
