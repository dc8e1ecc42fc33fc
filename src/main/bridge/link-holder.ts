import { IDLE, type LinkState } from '../../shared/state/link.ts'

/** A link state with subscribers, for connectors that have no SSH link of their own. */
export class LinkHolder {
  private current: LinkState = IDLE
  private readonly listeners = new Set<(link: LinkState) => void>()

  get link(): LinkState {
    return this.current
  }

  onLink(listener: (link: LinkState) => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  set(link: LinkState): void {
    this.current = link
    for (const listener of [...this.listeners]) listener(link)
  }
}
