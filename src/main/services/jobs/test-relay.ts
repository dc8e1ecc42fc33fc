import type { JobOrder } from '../../../shared/bridge-api/calls.ts'
import { AppError } from '../../../shared/errors/app-error.ts'
import type { BridgeCore } from '../../bridge/bridge-core.ts'
import type { Carried } from './carried.ts'
import { describeRelay, findRelay } from './find-relay.ts'
import {
  describeFacts,
  type HostFacts,
  hasNode,
  LEAST_FREE_BYTES,
  LEAST_NODE,
  lookAt,
  nodePlatform,
} from './host-facts.ts'
import { HostVisit } from './host-visit.ts'
import type { JobPlan } from './job-plan.ts'

/** Whether a relay answers on a host, and if none does, whether one can be installed. Changes nothing there. */
export function planTestRelay(
  core: BridgeCore,
  { ssh, port }: Extract<JobOrder, { kind: 'test-relay' }>,
  carried: Carried,
): JobPlan {
  const visit = new HostVisit(core, ssh)
  let isThere = false
  return {
    kind: 'test-relay',
    subject: ssh,
    steps: [
      ...visit.steps(),
      {
        id: 'find-relay',
        title: `Ask for a relay on port ${port}`,
        run: async ({ signal }) => {
          const health = await findRelay(visit.link, ssh, port, signal)
          isThere = health !== undefined
          if (health === undefined) return { skipped: `Nothing listens on port ${port} of ${ssh}.` }
          return `${describeRelay(health)}.`
        },
      },
      {
        id: 'can-install',
        title: `See whether a relay can be installed on ${ssh}`,
        run: async ({ signal }) => {
          if (isThere) return { skipped: 'There is one already.' }
          const facts = await lookAt(visit.link, ssh, signal)
          checkInstallable(facts, ssh, await carried.nodes())
          const node = hasNode(facts) ? '' : ' A Node for it is brought along.'
          const stays = facts.manager === 'none' ? ' Without one the relay runs until the host restarts.' : ''
          return `It can: ${describeFacts(facts)}.${node}${stays}`
        },
      },
    ],
    close: () => visit.close(),
  }
}

/** @throws AppError `install.unsupported` or `install.no-node` in words about this host. */
export function checkInstallable(facts: HostFacts, place: string, nodes: ReadonlyMap<string, string>): void {
  const { canWriteHome, freeBytes, home, machine, system } = facts
  const platform = nodePlatform(facts)
  if (platform === undefined && !hasNode(facts))
    throw new AppError(
      'install.unsupported',
      `${place} is ${system} ${machine}, which no relay was made for.`,
      {
        remedy: `Install Node ${LEAST_NODE} there yourself, or use another host.`,
      },
    )
  if (!canWriteHome)
    throw new AppError('install.unsupported', `The home folder ${home} on ${place} cannot be written.`, {
      remedy: 'Use a login that owns its home folder.',
    })
  if (freeBytes !== undefined && freeBytes < LEAST_FREE_BYTES)
    throw new AppError(
      'install.unsupported',
      `${home} on ${place} has ${Math.floor(freeBytes / 2 ** 20)} MiB left; a relay needs ${LEAST_FREE_BYTES / 2 ** 20}.`,
      { remedy: 'Make room there, then try again.' },
    )
  if (!hasNode(facts) && (platform === undefined || !nodes.has(platform))) throw noNode(facts, place)
}

function noNode({ node }: HostFacts, place: string): AppError {
  const has = node === undefined ? 'no Node' : `Node ${node.version}`
  return new AppError('install.no-node', `${place} has ${has}, and there is none here to bring along.`, {
    remedy: `Install Node ${LEAST_NODE} or later on ${place} (https://nodejs.org/en/download), then try again.`,
  })
}
