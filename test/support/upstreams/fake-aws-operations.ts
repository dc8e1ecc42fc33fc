import type { FakeEcs, FakeTask } from './fake-aws-ecs.ts'

/** A minute of one metric. */
export interface Datapoint {
  readonly metric: string
  readonly namespace: string
  readonly dimensions: Readonly<Record<string, string>>
  /** Milliseconds since the Unix epoch, the start of the minute. */
  readonly at: number
  readonly value: number
}

export interface FakeWorld {
  readonly ecs: FakeEcs
  readonly datapoints: readonly Datapoint[]
  /** Of the tasks that run. */
  readonly publicIp: (task: FakeTask) => string | undefined
}

/** An error as AWS words it. */
export class FakeAwsError extends Error {
  readonly status: number
  readonly code: string

  constructor(status: number, code: string, message: string) {
    super(message)
    this.status = status
    this.code = code
  }
}

/** As JSON has it; whatever is not there fails where it is read. */
type Input = Readonly<Record<string, unknown>>
type Operation = (world: FakeWorld, input: Input) => unknown

/** What the SDK may ask of Amazon ECS and CloudWatch, in their JSON. Times are in seconds. */
export const JSON_OPERATIONS: Readonly<Record<string, Operation>> = {
  DescribeServices: ({ ecs }, { services, cluster }) => {
    mustBeCluster(ecs, cluster)
    if (ecs.isMissing || !String(services).includes(ecs.service))
      return { services: [], failures: [{ arn: String(services), reason: 'MISSING' }] }
    return {
      services: [
        {
          serviceArn: ecs.arn,
          serviceName: ecs.service,
          status: 'ACTIVE',
          desiredCount: ecs.desired,
          runningCount: ecs.count('RUNNING'),
          pendingCount: ecs.count('PROVISIONING', 'PENDING', 'ACTIVATING'),
          tags: [...ecs.tags].map(([key, value]) => ({ key, value })),
        },
      ],
      failures: [],
    }
  },
  UpdateService: ({ ecs }, { service, desiredCount }) => {
    mustBeService(ecs, service)
    ecs.scale(Number(desiredCount))
    return { service: { serviceArn: ecs.arn, desiredCount: ecs.desired } }
  },
  TagResource: ({ ecs }, { resourceArn, tags }) => {
    mustBeService(ecs, resourceArn)
    for (const { key, value } of tags as { key: string; value: string }[]) {
      if (!TAG_TEXT.test(key) || !TAG_TEXT.test(value) || key.length > 128 || value.length > 256)
        throw new FakeAwsError(400, 'InvalidParameterException', `Invalid tag ${key}`)
      ecs.tags.set(key, value)
    }
    if (ecs.tags.size > 50) throw new FakeAwsError(400, 'InvalidParameterException', 'Too many tags')
    return {}
  },
  UntagResource: ({ ecs }, { resourceArn, tagKeys }) => {
    mustBeService(ecs, resourceArn)
    for (const key of tagKeys as string[]) ecs.tags.delete(key)
    return {}
  },
  ListTasks: ({ ecs }, { desiredStatus, nextToken }) => {
    const arns = ecs.tasks.filter((task) => task.desiredStatus === desiredStatus).map(({ arn }) => arn)
    // Pages of one, so that whoever reads only the first sees only one task.
    const at = Number(nextToken ?? 0)
    return {
      taskArns: arns.slice(at, at + 1),
      ...(at + 1 < arns.length ? { nextToken: String(at + 1) } : {}),
    }
  },
  DescribeTasks: ({ ecs }, { tasks }) => {
    ecs.asked()
    const found = ecs.tasks.filter(({ arn }) => (tasks as string[]).includes(arn))
    return { tasks: found.map(taskJson), failures: [] }
  },
  GetMetricData: ({ datapoints }, input) => {
    const { StartTime: from, EndTime: to, MetricDataQueries: queries } = input
    return {
      MetricDataResults: (queries as MetricQuery[]).map(({ Id, MetricStat: { Metric: metric } }) => {
        const found = datapoints.filter(
          (point) =>
            point.metric === metric.MetricName &&
            point.namespace === metric.Namespace &&
            metric.Dimensions.every(({ Name, Value }) => point.dimensions[Name] === Value) &&
            metric.Dimensions.length === Object.keys(point.dimensions).length &&
            point.at >= Number(from) * 1000 &&
            point.at < Number(to) * 1000,
        )
        return {
          Id,
          Label: metric.MetricName,
          StatusCode: 'Complete',
          Timestamps: found.map(({ at }) => at / 1000),
          Values: found.map(({ value }) => value),
        }
      }),
    }
  },
}

interface MetricQuery {
  readonly Id: string
  readonly MetricStat: {
    readonly Metric: {
      readonly MetricName: string
      readonly Namespace: string
      readonly Dimensions: readonly { readonly Name: string; readonly Value: string }[]
    }
  }
}

const TAG_TEXT = /^[\p{L}\p{N}\s+\-=._:/@]*$/u

/** The one question to Amazon EC2, in its XML. */
export function describeNetworkInterfaces(world: FakeWorld, parameters: URLSearchParams): string {
  const ids = [...parameters].filter(([name]) => name.startsWith('NetworkInterfaceId.')).map(([, id]) => id)
  const items = ids.map((id) => {
    const task = world.ecs.tasks.find(({ networkInterface }) => networkInterface === id)
    if (task === undefined || task.stage === 'STOPPED')
      throw new FakeAwsError(
        400,
        'InvalidNetworkInterfaceID.NotFound',
        `The networkInterface ID '${id}' does not exist`,
      )
    const ip = world.publicIp(task)
    const association = ip === undefined ? '' : `<association><publicIp>${ip}</publicIp></association>`
    return `<item><networkInterfaceId>${id}</networkInterfaceId>${association}</item>`
  })
  return `<?xml version="1.0" encoding="UTF-8"?>
<DescribeNetworkInterfacesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>fake</requestId><networkInterfaceSet>${items.join('')}</networkInterfaceSet></DescribeNetworkInterfacesResponse>`
}

function taskJson(task: FakeTask): unknown {
  return {
    taskArn: task.arn,
    lastStatus: task.stage,
    desiredStatus: task.desiredStatus,
    healthStatus: 'UNKNOWN',
    createdAt: task.createdAt / 1000,
    ...(task.startedAt === undefined
      ? {}
      : { pullStartedAt: task.createdAt / 1000, startedAt: task.startedAt / 1000 }),
    ...(task.stoppedReason === undefined ? {} : { stoppedReason: task.stoppedReason }),
    attachments: [
      {
        type: 'ElasticNetworkInterface',
        status: task.stage === 'PROVISIONING' ? 'PRECREATED' : 'ATTACHED',
        details:
          task.stage === 'PROVISIONING'
            ? []
            : [
                { name: 'subnetId', value: 'subnet-1' },
                { name: 'networkInterfaceId', value: task.networkInterface },
                { name: 'privateIPv4Address', value: '172.31.0.10' },
              ],
      },
    ],
  }
}

function mustBeCluster(ecs: FakeEcs, cluster: unknown): void {
  if (cluster !== ecs.cluster) throw new FakeAwsError(400, 'ClusterNotFoundException', 'Cluster not found.')
}

function mustBeService(ecs: FakeEcs, service: unknown): void {
  if (ecs.isMissing || (service !== ecs.service && service !== ecs.arn))
    throw new FakeAwsError(400, 'ServiceNotFoundException', 'Service not found.')
}
