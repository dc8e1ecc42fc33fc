import { CONTROL_VERSION, type QueryResponse, WAKE_STAGES } from '../../shared/protocol/control.ts'
import { awakeSince, timeText } from '../leases.ts'
import type { PublicAddresses, ServiceState, TaskState, TunnelService, TunnelTasks } from '../ports.ts'

export interface QueryParts {
  readonly service: TunnelService
  readonly tasks: TunnelTasks
  readonly addresses: PublicAddresses
  readonly port: number
  readonly maxLifetimeMs: number
}

/** How far the server is, and where. */
export async function query(parts: QueryParts): Promise<QueryResponse> {
  const state = await parts.service.describe()
  if (state === undefined) return answer('negative', 'stopped', 'There is no such service.')
  const tasks = await parts.tasks.list()
  if (state.desired === 0) return leaving(tasks)
  const running = tasks.filter(isUsable).sort((a, b) => (b.startedAt ?? 0) - (a.startedAt ?? 0))
  const addresses = await addressesOf(running, parts.addresses)
  const found = running.find(({ networkInterface }) => addresses.has(networkInterface ?? ''))
  if (found === undefined) return starting(tasks, running.length, awakeSince(state) ?? 0)
  return {
    ...answer('ready', 'running', 'The server runs.'),
    public_ip: addresses.get(found.networkInterface ?? ''),
    port: parts.port,
    ...runOf(found, state, parts.maxLifetimeMs),
  }
}

async function addressesOf(
  tasks: readonly TaskState[],
  lookUp: PublicAddresses,
): Promise<ReadonlyMap<string, string>> {
  const interfaces = tasks.flatMap(({ networkInterface }) => networkInterface ?? [])
  return interfaces.length === 0 ? new Map() : await lookUp(interfaces)
}

function runOf(
  { chargedSince }: TaskState,
  state: ServiceState,
  maxLifetimeMs: number,
): Pick<QueryResponse, 'startedAt' | 'stopsAt'> {
  const since = awakeSince(state)
  return {
    ...(chargedSince === undefined ? {} : { startedAt: timeText(chargedSince) }),
    ...(since === undefined ? {} : { stopsAt: timeText(since + maxLifetimeMs) }),
  }
}

function isUsable({ stage, isLeaving, isUnhealthy }: TaskState): boolean {
  return stage === 'running' && !isLeaving && !isUnhealthy
}

/** Asked to run: the furthest of the tasks that are on their way up, and why earlier ones failed. */
function starting(tasks: readonly TaskState[], running: number, since: number): QueryResponse {
  const upwards = tasks.filter(({ stage, isLeaving }) => !isLeaving && rank(stage) <= rank('running'))
  const furthest = upwards.reduce((best, { stage }) => Math.max(best, rank(stage)), rank('requested'))
  const stage = WAKE_STAGES[furthest] ?? 'requested'
  if (running > 0) return answer('pending', stage, 'The server runs and has no public address yet.')
  const reason = tasks
    .filter(({ isLeaving, createdAt }) => isLeaving && createdAt >= since)
    .findLast(({ stoppedReason }) => stoppedReason !== undefined)?.stoppedReason
  if (reason === undefined) return answer('pending', stage, 'The server is being started.')
  return answer('pending', stage, `The server is being started again; the last attempt ended: ${reason}`)
}

/** Asked to stop: the task that is furthest from having done so. */
function leaving(tasks: readonly TaskState[]): QueryResponse {
  const first = tasks.reduce((least, { stage }) => Math.min(least, rank(stage)), rank('stopped'))
  const stage = WAKE_STAGES[first] ?? 'stopped'
  return answer('negative', stage, stage === 'stopped' ? 'No server runs.' : 'The server is stopping.')
}

function rank(stage: TaskState['stage']): number {
  return WAKE_STAGES.indexOf(stage)
}

function answer(
  status: QueryResponse['status'],
  stage: TaskState['stage'],
  message: string,
): QueryResponse & { stage: TaskState['stage'] } {
  return { version: CONTROL_VERSION, status, stage, message }
}
