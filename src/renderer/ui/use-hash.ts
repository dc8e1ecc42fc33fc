import { useSyncExternalStore } from 'react'

/** @returns whether the page is to stay where it is; whoever holds it back has put the old address back then. */
export type HashGuard = (event: HashChangeEvent) => boolean

let guard: HashGuard | undefined

/**
 * Asks before another view is shown, until the returned function is called. A listener of one's own would hear of
 * it too late: Chromium calls those of a window in the order in which they came, capturing or not.
 */
export function guardHash(next: HashGuard): () => void {
  guard = next
  return () => {
    if (guard === next) guard = undefined
  }
}

function subscribe(listener: () => void): () => void {
  const onChange = (event: HashChangeEvent): void => {
    if (guard?.(event) !== true) listener()
  }
  window.addEventListener('hashchange', onChange)
  return () => window.removeEventListener('hashchange', onChange)
}

/** What stands in the address after `#/`: `settings` of `#/settings`. */
export function useHash(): string {
  return useSyncExternalStore(subscribe, () => window.location.hash.replace(/^#\/?/, ''))
}

export function hashOf(path: string): string {
  return `#/${path}`
}
