import { join } from 'node:path'
import { Duration, RemovalPolicy, type Stack } from 'aws-cdk-lib'
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import {
  Architecture,
  Code,
  type FunctionUrl,
  FunctionUrlAuthType,
  Function as Lambda,
  Runtime,
} from 'aws-cdk-lib/aws-lambda'
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs'
import { TUNNEL_METRICS } from '../../shared/protocol/tunnel-metrics.ts'
import { AWAKE_TAG, ENVIRONMENT, LEASE_TAG } from '../names.ts'
import type { TunnelOptions } from './options.ts'
import type { DeployedServer } from './server.ts'

export type FunctionName = 'wake' | 'query' | 'kill' | 'sleep'

export interface DeployedFunction {
  readonly lambda: Lambda
  readonly url: FunctionUrl
}

export type DeployedFunctions = Readonly<Record<FunctionName, DeployedFunction>>

/** Each may run so often at the same time, and takes no more from the rest of the account. */
const CONCURRENCY: Readonly<Record<FunctionName, number>> = { wake: 2, query: 5, kill: 2, sleep: 1 }

/** @param folder holds what scripts/build-functions.ts makes. */
export function addFunctions(
  stack: Stack,
  options: TunnelOptions,
  server: DeployedServer,
  folder: string,
): DeployedFunctions {
  const rights = rightsOf(stack, server)
  const add = (name: FunctionName, statements: readonly PolicyStatement[]): DeployedFunction => {
    const logGroup = new LogGroup(stack, `${capital(name)}Log`, {
      logGroupName: `/${options.name}/${name}`,
      retention: RetentionDays.ONE_WEEK,
      removalPolicy: RemovalPolicy.DESTROY,
    })
    // Not the role that CDK would make: its managed policy may write to every log of the account.
    const role = new Role(stack, `${capital(name)}Role`, {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
    })
    logGroup.grantWrite(role)
    for (const statement of statements) role.addToPolicy(statement)
    const lambda = new Lambda(stack, capital(name), {
      functionName: `${options.name}-${name}`,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      handler: 'index.handler',
      code: Code.fromAsset(join(folder, name)),
      // More memory is more processor too: half a second less until a cold one answers.
      memorySize: 512,
      timeout: Duration.seconds(29),
      role,
      logGroup,
      environment: environmentOf(options, server),
      ...(options.reserveConcurrency ? { reservedConcurrentExecutions: CONCURRENCY[name] } : {}),
    })
    return { lambda, url: lambda.addFunctionUrl({ authType: FunctionUrlAuthType.AWS_IAM }) }
  }
  const { describe, scale, tag, untag, tasks, addresses, metrics } = rights
  return {
    wake: add('wake', [describe, scale, tag, untag]),
    query: add('query', [describe, ...tasks, addresses]),
    kill: add('kill', [describe, scale, untag, ...tasks]),
    sleep: add('sleep', [describe, scale, tag, metrics]),
  }
}

function environmentOf(options: TunnelOptions, server: DeployedServer): Record<string, string> {
  return {
    [ENVIRONMENT.cluster]: server.clusterName,
    [ENVIRONMENT.service]: server.serviceName,
    [ENVIRONMENT.port]: String(options.port),
    [ENVIRONMENT.metricsNamespace]: TUNNEL_METRICS.namespace,
    [ENVIRONMENT.idleMinutes]: String(options.idleMinutes),
    [ENVIRONMENT.maxLifetimeMinutes]: String(options.maxLifetimeMinutes),
  }
}

/** What the functions may do: with one service, with leases among its tags, and with the tasks of its cluster. */
function rightsOf(stack: Stack, { clusterName, serviceName }: DeployedServer) {
  const arn = (resource: string, resourceName: string) =>
    stack.formatArn({ service: 'ecs', resource, resourceName })
  const service = arn('service', `${clusterName}/${serviceName}`)
  const onService = (action: string, conditions = {}) =>
    new PolicyStatement({ actions: [action], resources: [service], conditions })
  const ourTags = {
    'ForAllValues:StringLike': { 'aws:TagKeys': [`${LEASE_TAG}*`, AWAKE_TAG] },
  }
  return {
    describe: onService('ecs:DescribeServices'),
    scale: onService('ecs:UpdateService'),
    tag: onService('ecs:TagResource', ourTags),
    untag: onService('ecs:UntagResource', ourTags),
    tasks: [
      // The list of tasks has no resource of its own; the cluster is a condition.
      new PolicyStatement({
        actions: ['ecs:ListTasks'],
        resources: ['*'],
        conditions: { ArnEquals: { 'ecs:cluster': arn('cluster', clusterName) } },
      }),
      new PolicyStatement({ actions: ['ecs:DescribeTasks'], resources: [arn('task', `${clusterName}/*`)] }),
    ],
    // Neither of these two can be narrowed.
    addresses: new PolicyStatement({ actions: ['ec2:DescribeNetworkInterfaces'], resources: ['*'] }),
    metrics: new PolicyStatement({ actions: ['cloudwatch:GetMetricData'], resources: ['*'] }),
  }
}

function capital(name: string): string {
  return name.slice(0, 1).toUpperCase() + name.slice(1)
}
