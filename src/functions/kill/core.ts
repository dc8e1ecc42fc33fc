import { CONTROL_VERSION, type KillResponse } from '../../shared/protocol/control.ts'
import { leaseTag, liveLeases } from '../leases.ts'
import type { TunnelService, TunnelTasks } from '../ports.ts'

export interface KillOrder {
  readonly caller: string
  readonly owner: string
  readonly leaseMs: number
}

/** Whoever comes in between changes things once or twice, not for ever. */
const LOOKS_MAX = 10

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
  const state = await service.describe()
  if (state === undefined) return stopped('There is no such service, so nothing runs.')
  const lease = leaseTag(order.caller, order.owner)
  if (state.tags.has(lease)) await service.dropTags([lease])
  const holders = await scaleDown(order, service, now)
  if (holders > 0) return held(holders)
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

/**
 * Ends with a look that finds the service as its leases want it. Whoever leased it between a look and what came of
 * that may have scaled up before we scaled down: that is put right, and looked at again.
 *
 * @returns how many others keep it running.
 */
async function scaleDown(order: KillOrder, service: TunnelService, now: number): Promise<number> {
  let didScaleDown = false
  for (let look = 0; look < LOOKS_MAX; look += 1) {
    const state = await service.describe()
    if (state === undefined) return 0
    const { size } = liveLeases(state, now, order.leaseMs)
    if (size > 0 && state.desired > 0) return size
    if (size === 0 && state.desired === 0) return 0
    // It sleeps, whoever leased it: nobody is to be woken by a kill.
    if (size > 0 && !didScaleDown) return 0
    await service.scale(size > 0 ? 1 : 0)
    didScaleDown = true
  }
  throw new Error('The leases of the service change faster than it can be stopped.')
}

function held(holders: number): KillResponse {
  const message = holders === 1 ? 'Another one needs the server.' : `${holders} others need the server.`
  return { version: CONTROL_VERSION, status: 'held', desiredCount: 1, holders, message }
}

function stopped(message: string): KillResponse {
  return { version: CONTROL_VERSION, status: 'killed', desiredCount: 0, holders: 0, message }
}
