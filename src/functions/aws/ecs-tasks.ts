import {
  DescribeTasksCommand,
  type DesiredStatus,
  type ECSClient,
  paginateListTasks,
  type Task,
} from '@aws-sdk/client-ecs'
import type { WakeStage } from '../../shared/state/egress.ts'
import type { TaskState, TunnelTasks } from '../ports.ts'

/** As many as DescribeTasks takes. */
const DESCRIBED_AT_ONCE = 100

const STAGES: ReadonlyMap<string, WakeStage> = new Map([
  ['PROVISIONING', 'provisioning'],
  ['PENDING', 'pending'],
  ['ACTIVATING', 'activating'],
  ['RUNNING', 'running'],
  ['DEACTIVATING', 'deactivating'],
  ['STOPPING', 'stopping'],
  ['DEPROVISIONING', 'deprovisioning'],
  ['STOPPED', 'stopped'],
  // What ECS says of a task that it has just forgotten.
  ['DELETED', 'stopped'],
])

/** All tasks of the service as Amazon ECS has them, whether they are to run or to stop. */
export function ecsTasks(client: ECSClient, cluster: string, serviceName: string): TunnelTasks {
  const list = async (desiredStatus: DesiredStatus): Promise<string[]> => {
    const arns: string[] = []
    for await (const { taskArns = [] } of paginateListTasks(
      { client },
      { cluster, serviceName, desiredStatus },
    ))
      arns.push(...taskArns)
    return arns
  }
  const describe = async (arns: readonly string[]): Promise<TaskState[]> => {
    const { tasks = [] } = await client.send(new DescribeTasksCommand({ cluster, tasks: [...arns] }))
    return tasks.map(stateOf)
  }
  return {
    list: async () => {
      // A task that is told to stop moves from one list to the other; asked in this order it is in at least one.
      const arns = [...new Set([...(await list('RUNNING')), ...(await list('STOPPED'))])]
      const states: TaskState[] = []
      for (let at = 0; at < arns.length; at += DESCRIBED_AT_ONCE)
        states.push(...(await describe(arns.slice(at, at + DESCRIBED_AT_ONCE))))
      return states
    },
  }
}

function stateOf(task: Task): TaskState {
  return {
    stage: STAGES.get(task.lastStatus ?? '') ?? 'provisioning',
    isLeaving: task.desiredStatus === 'STOPPED',
    isUnhealthy: task.healthStatus === 'UNHEALTHY',
    createdAt: task.createdAt?.getTime() ?? 0,
    chargedSince: (task.pullStartedAt ?? task.createdAt)?.getTime(),
    startedAt: task.startedAt?.getTime(),
    stoppedReason: task.stoppedReason,
    networkInterface: networkInterfaceOf(task),
  }
}

function networkInterfaceOf({ attachments = [] }: Task): string | undefined {
  return attachments
    .filter(({ type }) => type === 'ElasticNetworkInterface')
    .flatMap(({ details = [] }) => details)
    .find(({ name }) => name === 'networkInterfaceId')?.value
}
