import { CONTROL_VERSION, type KillResponse } from '../../shared/protocol/control.ts'
import { leaseTag, liveLeases } from '../leases.ts'
import type { TunnelService, TunnelTasks } from '../ports.ts'

export interface KillOrder {
  readonly caller: string
  readonly owner: string
  readonly leaseMs: number
}

/**
 * Lets go of the owner's lease, and stops the server when it was the last one. `killed` is said only when no task
 * is left that has not stopped; until then asking again is how to wait.
 */
export async function kill(
  order: KillOrder,
  service: TunnelService,
  tasks: TunnelTasks,
  now: number,
): Promise<KillResponse> {
  const holders = async () => {
    const state = await service.describe()
    return state === undefined ? undefined : { state, count: liveLeases(state, now, order.leaseMs).size }
  }
  const first = await service.describe()
  if (first === undefined) return stopped('There is no such service, so nothing runs.')
  const lease = leaseTag(order.caller, order.owner)
  if (first.tags.has(lease)) await service.dropTags([lease])
  const before = await holders()
  if (before !== undefined && before.count > 0) return held(before.count, before.state.desired)
  if (before !== undefined && before.state.desired > 0) {
    await service.scale(0)
    // Whoever leased it in between may have scaled up before we scaled down.
    const after = await holders()
    if (after !== undefined && after.count > 0) {
      await service.scale(1)
      return held(after.count, 1)
    }
  }
  const left = (await tasks.list()).filter(({ stage }) => stage !== 'stopped').length
  if (left === 0) return stopped('The server has stopped.')
  return {
    version: CONTROL_VERSION,
    status: 'stopping',
    desiredCount: 0,
    holders: 0,
    message: left === 1 ? 'The server is stopping.' : `${left} servers are stopping.`,
  }
}

function held(holders: number, desiredCount: number): KillResponse {
  const message = holders === 1 ? 'Another one needs the server.' : `${holders} others need the server.`
  return { version: CONTROL_VERSION, status: 'held', desiredCount, holders, message }
}

function stopped(message: string): KillResponse {
  return { version: CONTROL_VERSION, status: 'killed', desiredCount: 0, holders: 0, message }
}
