import { CONTROL_VERSION, type SleepResponse } from '../../shared/protocol/control.ts'
import { awakeSince, liveLeases, timeText } from '../leases.ts'
import { AWAKE_TAG } from '../names.ts'
import type { ReadTraffic, ServiceState, Traffic, TunnelService } from '../ports.ts'

export interface SleepOrder {
  readonly idleMs: number
  readonly lookbackMs: number
  readonly maxLifetimeMs: number
}

const NO_TRAFFIC: Traffic = { lastActiveAt: undefined, averageConnections: 0 }

/** Stops a server through which nothing has gone for long enough, or that has lived for as long as it may. */
export async function sleep(
  order: SleepOrder,
  service: TunnelService,
  readTraffic: ReadTraffic,
  now: number,
): Promise<SleepResponse> {
  const state = await service.describe()
  if (state === undefined || state.desired === 0) return kept(state, NO_TRAFFIC, 0, 'No server is wanted.')
  const since = awakeSince(state)
  if (since === undefined) {
    // Somebody else started it; from now on its time is counted.
    await service.putTags({ [AWAKE_TAG]: timeText(now) })
    return kept(state, NO_TRAFFIC, 0, 'The server was not started by wake; its time counts from now.')
  }
  const traffic = await readTraffic(now - Math.max(order.idleMs, order.lookbackMs), now)
  const idleMs = idleFor(state, traffic, since, order, now)
  if (now - since >= order.maxLifetimeMs)
    return stop(service, state, order, traffic, idleMs, now, 'It has run for as long as it may.')
  if (idleMs < order.idleMs)
    return kept(state, traffic, idleMs, 'The server is needed, or was until recently.')
  return stop(service, state, order, traffic, idleMs, now, 'Nothing has gone through it for long enough.')
}

/** Since the last traffic, and since it was last asked for: a server that has just started is not idle. */
function idleFor(
  state: ServiceState,
  traffic: Traffic,
  since: number,
  order: SleepOrder,
  now: number,
): number {
  const leases = liveLeases(state, now, order.maxLifetimeMs).values()
  return Math.max(0, now - Math.max(since, traffic.lastActiveAt ?? 0, ...leases))
}

async function stop(
  service: TunnelService,
  before: ServiceState,
  order: SleepOrder,
  traffic: Traffic,
  idleMs: number,
  now: number,
  why: string,
): Promise<SleepResponse> {
  await service.scale(0)
  const after = await service.describe()
  if (after !== undefined && wasAskedFor(before, after, order, now)) {
    // That one may have scaled up before we scaled down.
    await service.scale(1)
    return { ...kept(after, traffic, 0, 'The server was asked for just now.'), desiredCount: 1 }
  }
  return {
    ...kept(after ?? before, traffic, idleMs, `The server is being stopped. ${why}`),
    action: 'scaled_down',
    desiredCount: 0,
  }
}

/** Whether a lease was granted between two looks. */
function wasAskedFor(before: ServiceState, after: ServiceState, order: SleepOrder, now: number): boolean {
  const leases = [...liveLeases(after, now, order.maxLifetimeMs).keys()]
  return leases.some((key) => after.tags.get(key) !== before.tags.get(key))
}

function kept(
  state: ServiceState | undefined,
  { averageConnections }: Traffic,
  idleMs: number,
  message: string,
): SleepResponse {
  return {
    version: CONTROL_VERSION,
    action: 'no_change',
    desiredCount: state?.desired ?? 0,
    runningCount: state?.running ?? 0,
    avgActiveConnections: averageConnections,
    idleDurationSeconds: Math.floor(idleMs / 1000),
    message,
  }
}
