import { CONTROL_VERSION, type WakeResponse } from '../../shared/protocol/control.ts'
import { ServiceMissing } from '../faults.ts'
import { awakeSince, leaseTag, staleLeases, timeText } from '../leases.ts'
import { AWAKE_TAG } from '../names.ts'
import type { ServiceState, TunnelService } from '../ports.ts'

/** ECS allows 50 tags; stale leases are cleared away long before. */
const MANY_STALE = 20

/** How long a Fargate task takes as a rule until its server answers. */
const TYPICAL_START_MS = 75_000

export interface WakeOrder {
  readonly caller: string
  readonly owner: string
  readonly cluster: string
  readonly service: string
  readonly leaseMs: number
}

/**
 * Wants one server, however often it is called.
 *
 * The lease is written before the service is scaled, and the service is scaled whatever it was: a kill that races
 * this one either sees the lease, or has scaled down before.
 */
export async function wake(order: WakeOrder, service: TunnelService, now: number): Promise<WakeResponse> {
  const before = await service.describe()
  if (before === undefined) throw new ServiceMissing(order.cluster, order.service)
  const lease = leaseTag(order.caller, order.owner)
  await service.putTags({
    [lease]: timeText(now),
    ...(before.desired === 0 || awakeSince(before) === undefined ? { [AWAKE_TAG]: timeText(now) } : {}),
  })
  await service.scale(1)
  const stale = staleLeases(before, now, order.leaseMs).filter((key) => key !== lease)
  if (stale.length >= MANY_STALE) await service.dropTags(stale)
  return {
    version: CONTROL_VERSION,
    ...statusOf(before, now),
    instance_id: `${order.cluster}-${order.service}-${Math.floor(now / 1000)}`,
    desiredCount: 1,
    runningCount: before.running,
    pendingCount: before.pending,
    leaseExpiresAt: timeText(now + order.leaseMs),
  }
}

function statusOf(
  { running, pending }: ServiceState,
  now: number,
): Pick<WakeResponse, 'status' | 'message' | 'estimatedStartTime'> {
  if (running > 0) return { status: 'scaling', message: 'The server runs already.' }
  const estimatedStartTime = timeText(now + TYPICAL_START_MS)
  if (pending > 0)
    return { status: 'starting', message: 'The server is already starting.', estimatedStartTime }
  return { status: 'waking', message: 'The server is being started.', estimatedStartTime }
}
