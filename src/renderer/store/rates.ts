import type { BridgeState, Traffic } from '../../shared/state/bridge-state.ts'

/** Bytes per second, as they cross now. */
export interface Rate {
  readonly toClient: number
  readonly fromClient: number
}

interface Sample {
  readonly at: number
  readonly toClient: number
  readonly fromClient: number
}

/** The counts of the last seconds, by the name of the client. */
export type Rates = ReadonlyMap<string, readonly Sample[]>

export const NO_RATES: Rates = new Map()

/** Long enough to be steady, short enough to follow a stream that begins or ends. */
export const RATE_WINDOW_MS = 4000

/** Adds the counts of a state to those of the last seconds. Counts that fell begin anew: the bridge restarted. */
export function takeRates(rates: Rates, { clients }: Pick<BridgeState, 'clients'>, now: number): Rates {
  if (clients.length === 0) return NO_RATES
  return new Map(
    clients.map(({ name, traffic }) => [name, withSample(rates.get(name) ?? [], sampleOf(traffic, now))]),
  )
}

/** @returns undefined while there is nothing to compare with. */
export function rateOf(rates: Rates, name: string, now: number): Rate | undefined {
  const samples = rates.get(name)
  const newest = samples?.at(-1)
  if (samples === undefined || newest === undefined) return undefined
  // The bridge tells of counts that moved: silence means that none did.
  if (now - newest.at > RATE_WINDOW_MS) return NOTHING
  const oldest = samples.find(({ at }) => now - at <= RATE_WINDOW_MS) ?? newest
  if (oldest === newest) return undefined
  const seconds = Math.max(1000, now - oldest.at) / 1000
  return {
    toClient: (newest.toClient - oldest.toClient) / seconds,
    fromClient: (newest.fromClient - oldest.fromClient) / seconds,
  }
}

const NOTHING: Rate = { toClient: 0, fromClient: 0 }
/** States may come more often than counts change; this is as fine as a rate needs. */
const SAMPLE_EVERY_MS = 250

function withSample(samples: readonly Sample[], next: Sample): readonly Sample[] {
  const last = samples.at(-1)
  if (last === undefined || next.toClient < last.toClient || next.fromClient < last.fromClient) return [next]
  const kept = samples.filter(({ at }) => next.at - at <= RATE_WINDOW_MS * 2)
  const isTooSoon = kept.length > 1 && last.at - (kept.at(-2)?.at ?? 0) < SAMPLE_EVERY_MS
  return [...(isTooSoon ? kept.slice(0, -1) : kept), next]
}

function sampleOf({ bytesToClient, bytesFromClient }: Traffic, at: number): Sample {
  return { at, toClient: bytesToClient, fromClient: bytesFromClient }
}
