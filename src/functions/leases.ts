import { AWAKE_TAG, LEASE_TAG } from './names.ts'
import type { ServiceState } from './ports.ts'

/** Two owners that wake the server in the same moment, and the clocks of two functions, are this far apart at most. */
const TOLERANCE_MS = 60_000

/**
 * @param caller whoever signed the request, so that nobody lets go of what another identity holds.
 * @returns the tag of a lease; its value says when it was granted.
 */
export function leaseTag(caller: string, owner: string): string {
  return `${LEASE_TAG}${caller.replaceAll(/[^\w.-]/g, '_').slice(0, 40)}/${owner}`
}

export function awakeSince(state: ServiceState): number | undefined {
  return timeOf(state.tags.get(AWAKE_TAG))
}

/** Leases that count, by their tags: granted in this run of the server and not outlived. */
export function liveLeases(
  state: ServiceState,
  now: number,
  lifetimeMs: number,
): ReadonlyMap<string, number> {
  const notBefore = Math.max(
    (awakeSince(state) ?? 0) - TOLERANCE_MS,
    // Of what a clock that is ahead of ours has granted, all counts.
    now - lifetimeMs,
  )
  const granted = [...leaseTimes(state)].filter(([, at]) => at > notBefore)
  return new Map(granted)
}

/** Leases that no longer count. */
export function staleLeases(state: ServiceState, now: number, lifetimeMs: number): string[] {
  const live = liveLeases(state, now, lifetimeMs)
  return [...state.tags.keys()].filter((key) => key.startsWith(LEASE_TAG) && !live.has(key))
}

function* leaseTimes(state: ServiceState): Generator<readonly [string, number]> {
  for (const [key, value] of state.tags) {
    const at = key.startsWith(LEASE_TAG) ? timeOf(value) : undefined
    if (at !== undefined) yield [key, at]
  }
}

function timeOf(text: string | undefined): number | undefined {
  const at = text === undefined ? Number.NaN : Date.parse(text)
  return Number.isNaN(at) ? undefined : at
}

/** As a tag may hold it: its values have letters, digits, blanks and `+ - = . _ : / @`. */
export function timeText(at: number): string {
  return new Date(at).toISOString()
}
