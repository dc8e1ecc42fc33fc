import {
  DescribeServicesCommand,
  type ECSClient,
  type Service,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateServiceCommand,
} from '@aws-sdk/client-ecs'
import { ServiceMissing } from '../faults.ts'
import type { ServiceState, TunnelService } from '../ports.ts'

/** The service as Amazon ECS has it. Tags need the ARN of the service, which only describing it tells. */
export function ecsService(client: ECSClient, cluster: string, name: string): TunnelService {
  let arn: string | undefined
  const describe = async (): Promise<ServiceState | undefined> => {
    const { services = [] } = await client.send(
      new DescribeServicesCommand({ cluster, services: [name], include: ['TAGS'] }),
    )
    const service = services.find(({ status }) => status !== 'INACTIVE')
    arn = service?.serviceArn
    return service === undefined ? undefined : stateOf(service)
  }
  const resourceArn = async (): Promise<string> => {
    if (arn === undefined) await describe()
    if (arn === undefined) throw new ServiceMissing(cluster, name)
    return arn
  }
  return {
    describe,
    scale: async (desired) => {
      await client.send(new UpdateServiceCommand({ cluster, service: name, desiredCount: desired }))
    },
    putTags: async (tags) => {
      const list = Object.entries(tags).map(([key, value]) => ({ key, value }))
      await client.send(new TagResourceCommand({ resourceArn: await resourceArn(), tags: list }))
    },
    dropTags: async (tagKeys) => {
      await client.send(new UntagResourceCommand({ resourceArn: await resourceArn(), tagKeys: [...tagKeys] }))
    },
  }
}

function stateOf({ desiredCount, runningCount, pendingCount, tags = [] }: Service): ServiceState {
  return {
    desired: desiredCount ?? 0,
    running: runningCount ?? 0,
    pending: pendingCount ?? 0,
    tags: new Map(tags.map(({ key = '', value = '' }) => [key, value])),
  }
}
