import { useSyncExternalStore } from 'react'

function subscribe(listener: () => void): () => void {
  window.addEventListener('hashchange', listener)
  return () => window.removeEventListener('hashchange', listener)
}

/** What stands in the address after `#/`: `settings` of `#/settings`. */
export function useHash(): string {
  return useSyncExternalStore(subscribe, () => window.location.hash.replace(/^#\/?/, ''))
}

export function hashOf(path: string): string {
  return `#/${path}`
}
