import { spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildFunctions } from '../../../scripts/build-functions.ts'
import { INFRA, NO_INFRA } from '../../support/infra-packages.ts'
import { type FunctionName, startFakeAws } from '../../support/upstreams/fake-aws.ts'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
if (NO_INFRA !== undefined) console.warn(NO_INFRA)

type Properties = Readonly<Record<string, unknown>>

/** Of aws-cdk-lib/assertions, which is not found from here. */
interface Template {
  hasResourceProperties(type: string, properties: Properties): void
  resourceCountIs(type: string, count: number): void
  findResources(type: string): Readonly<Record<string, { readonly Properties: Properties }>>
  findParameters(name: string): Readonly<Record<string, Properties>>
  findOutputs(name: string): Readonly<Record<string, unknown>>
}

interface Infra {
  templateOf(functions: string, options: Properties): Template
  readonly Match: {
    absent(): unknown
    objectLike(pattern: Properties): unknown
    arrayWith(items: unknown[]): unknown
  }
}

interface Statement {
  readonly Action: string | readonly string[]
  readonly Resource: unknown
  readonly Condition?: unknown
}

describe.skipIf(NO_INFRA !== undefined)('what is deployed to AWS', () => {
  let functions: string
  let infra: Infra
  let template: Template

  beforeAll(async () => {
    functions = await mkdtemp(join(tmpdir(), 'functions-'))
    await buildFunctions(functions)
    infra = await import(join(INFRA, 'template.ts'))
    template = infra.templateOf(functions, { image: 'example.com/tunnel:1', agents: ['laptop'] })
  })
  afterAll(() => rm(functions, { recursive: true }))

  test('the code of the app is sound', () => {
    const tsc = join(ROOT, 'node_modules/.bin/tsc')
    const { status, stdout } = spawnSync(tsc, ['-p', INFRA], { encoding: 'utf8' })
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' })
  })

  test('the service wants no task until it is woken, and never two', () => {
    template.hasResourceProperties('AWS::ECS::Service', {
      DesiredCount: 0,
      LaunchType: 'FARGATE',
      DeploymentConfiguration: infra.Match.objectLike({ MaximumPercent: 100, MinimumHealthyPercent: 0 }),
    })
    template.resourceCountIs('AWS::EC2::NatGateway', 0)
  })

  test('its task is the smallest there is, reads only, is not root, and has no rights', () => {
    template.hasResourceProperties('AWS::ECS::TaskDefinition', {
      Cpu: '256',
      Memory: '512',
      ContainerDefinitions: infra.Match.arrayWith([
        infra.Match.objectLike({
          Image: 'example.com/tunnel:1',
          User: '10001:10001',
          ReadonlyRootFilesystem: true,
          StopTimeout: 30,
        }),
      ]),
    })
    const [[role] = []] = Object.entries(template.findResources('AWS::IAM::Role')).filter(([id]) =>
      id.startsWith('TaskTaskRole'),
    )
    const policies = Object.values(template.findResources('AWS::IAM::Policy'))
    const ofTheTask = policies.filter(({ Properties }) =>
      JSON.stringify(Properties.Roles).includes(String(role)),
    )
    expect(ofTheTask).toEqual([])
  })

  test('nobody gets in but from the network that whoever deploys has to name', () => {
    const [parameter] = Object.values(template.findParameters('IngressCidr'))
    expect(parameter).not.toHaveProperty('Default')
    const pattern = new RegExp(String(parameter?.AllowedPattern))
    expect(
      ['203.0.113.7/32', '10.0.0.0/8', '203.0.113.7', '', '::/0'].map((text) => pattern.test(text)),
    ).toEqual([...[true, true], ...[false, false, false]])
    const groups = Object.values(template.findResources('AWS::EC2::SecurityGroup'))
    expect(groups.flatMap(({ Properties }) => Properties.SecurityGroupIngress ?? [])).toEqual([
      {
        CidrIp: { Ref: 'IngressCidr' },
        Description: 'Agents',
        FromPort: 8443,
        ToPort: 8443,
        IpProtocol: 'tcp',
      },
    ])
    template.resourceCountIs('AWS::EC2::SecurityGroupIngress', 0)
  })

  test('all four functions ask for a signature, and none has a policy that lets others in', () => {
    template.resourceCountIs('AWS::Lambda::Url', 4)
    for (const { Properties } of Object.values(template.findResources('AWS::Lambda::Url')))
      expect(Properties.AuthType).toBe('AWS_IAM')
    const permissions = Object.values(template.findResources('AWS::Lambda::Permission'))
    expect(permissions.map(({ Properties }) => Properties.Principal)).toEqual(['events.amazonaws.com'])
  })

  test('no function takes all of the concurrency of the account, unless it has none to reserve', () => {
    const reserved = (from: Template) =>
      Object.values(from.findResources('AWS::Lambda::Function')).map(
        ({ Properties }) => Properties.ReservedConcurrentExecutions,
      )
    expect(reserved(template)).toEqual([2, 5, 2, 1])
    const small = infra.templateOf(functions, { image: 'x/y:1', reserveConcurrency: false })
    expect(reserved(small)).toEqual([undefined, undefined, undefined, undefined])
  })

  test('the server is looked at every 5 minutes', () => {
    template.hasResourceProperties('AWS::Events::Rule', {
      ScheduleExpression: 'rate(5 minutes)',
      State: 'ENABLED',
    })
  })

  test('logs are not kept for ever', () => {
    const groups = Object.values(template.findResources('AWS::Logs::LogGroup'))
    expect(groups).toHaveLength(5)
    for (const { Properties } of groups) expect(Properties.RetentionInDays).toBe(7)
  })

  test('somebody is told when the server is not put to sleep, runs for too long, or cannot be called', () => {
    const alarms = template.findResources('AWS::CloudWatch::Alarm')
    const topics = Object.keys(template.findResources('AWS::SNS::Topic'))
    expect(topics).toHaveLength(1)
    const found = Object.entries(alarms).map(([id, { Properties }]) => {
      expect(Properties).toMatchObject({ Threshold: 1, AlarmActions: [{ Ref: topics[0] }] })
      return [id.replace(/[0-9A-F]{8}$/, ''), Properties] as const
    })
    const oneFunction = (name: string) => [{ Name: 'FunctionName', Value: { Ref: lambdaOf(name) } }]
    const failed = (id: string, name: string) => ({
      Id: id,
      MetricStat: {
        Metric: { Namespace: 'AWS/Lambda', MetricName: 'Url5xxCount', Dimensions: oneFunction(name) },
        Period: 300,
        Stat: 'Sum',
      },
      ReturnData: false,
    })
    expect(Object.fromEntries(found)).toEqual({
      SleepFails: expect.objectContaining({
        Namespace: 'AWS/Lambda',
        MetricName: 'Errors',
        Dimensions: oneFunction('sleep'),
        Statistic: 'Sum',
        Period: 300,
        EvaluationPeriods: 3,
        ComparisonOperator: 'GreaterThanOrEqualToThreshold',
        TreatMissingData: 'notBreaching',
      }),
      SleepIsNotCalled: expect.objectContaining({
        Namespace: 'AWS/Lambda',
        MetricName: 'Invocations',
        Dimensions: oneFunction('sleep'),
        Statistic: 'Sum',
        Period: 300,
        EvaluationPeriods: 3,
        ComparisonOperator: 'LessThanThreshold',
        TreatMissingData: 'breaching',
      }),
      CallsFail: expect.objectContaining({
        Metrics: [
          expect.objectContaining({ Expression: 'FILL(w, 0) + FILL(q, 0) + FILL(k, 0)' }),
          failed('w', 'wake'),
          failed('q', 'query'),
          failed('k', 'kill'),
        ],
        EvaluationPeriods: 1,
        ComparisonOperator: 'GreaterThanOrEqualToThreshold',
        TreatMissingData: 'notBreaching',
      }),
      RunsTooLong: expect.objectContaining({
        Namespace: 'AWS/ECS',
        MetricName: 'CPUUtilization',
        Dimensions: [
          { Name: 'ClusterName', Value: 'sovereign-tunnel' },
          { Name: 'ServiceName', Value: 'sovereign-tunnel-server' },
        ],
        Statistic: 'SampleCount',
        Period: 3600,
        EvaluationPeriods: 13,
        ComparisonOperator: 'GreaterThanOrEqualToThreshold',
        TreatMissingData: 'notBreaching',
      }),
    })
  })

  test('every identity has a certificate of its own, and an agent reads only its own', () => {
    const secrets = template.findResources('AWS::SecretsManager::Secret')
    expect(Object.values(secrets).map(({ Properties }) => Properties.Name)).toEqual([
      'sovereign-tunnel/server',
      'sovereign-tunnel/agent/laptop',
    ])
    const statements = statementsOf('AWS::IAM::ManagedPolicy')
    const read = statements.find(({ Action }) => Action === 'secretsmanager:GetSecretValue')
    const [, own] = Object.keys(secrets)
    expect(read?.Resource).toEqual({ Ref: own })
  })

  test('an agent may call what newer accounts ask two rights for, and only by its URL', () => {
    const called = statementsOf('AWS::IAM::ManagedPolicy').filter(({ Action }) =>
      String(Action).startsWith('lambda:'),
    )
    expect(called.map(({ Action, Condition }) => [Action, Condition])).toEqual([
      ['lambda:InvokeFunctionUrl', { StringEquals: { 'lambda:FunctionUrlAuthType': 'AWS_IAM' } }],
      ['lambda:InvokeFunction', { Bool: { 'lambda:InvokedViaFunctionUrl': 'true' } }],
    ])
    for (const { Resource } of called) expect(Resource).toHaveLength(3)
  })

  test('no key of anybody is made or shown', () => {
    template.resourceCountIs('AWS::IAM::User', 0)
    template.resourceCountIs('AWS::IAM::AccessKey', 0)
    expect(Object.keys(template.findOutputs('*'))).toEqual([
      'Policylaptop',
      'WakeUrl',
      'QueryUrl',
      'KillUrl',
      'ServerSecret',
    ])
  })

  test('only what AWS cannot narrow is allowed on everything', () => {
    const wide = statementsOf('AWS::IAM::Policy').filter(({ Resource }) => Resource === '*')
    expect(wide.map(({ Action, Condition }) => [Action, Condition !== undefined])).toEqual([
      ['ecs:ListTasks', true],
      ['ec2:DescribeNetworkInterfaces', false],
      ['ecs:ListTasks', true],
      ['cloudwatch:GetMetricData', false],
    ])
    for (const { Properties } of Object.values(template.findResources('AWS::IAM::Role')))
      expect(Properties.ManagedPolicyArns).toBeUndefined()
  })

  test.each<FunctionName>(['wake', 'query', 'kill', 'sleep'])(
    '%s may do what it does and nothing else',
    async (name) => {
      const done = new Set(
        (await operationsOf(name)).map((operation) => SERVICE_OF[operation] ?? `ecs:${operation}`),
      )
      const [policy] = Object.entries(template.findResources('AWS::IAM::Policy'))
        .filter(([id]) => id.toLowerCase().startsWith(`${name}role`))
        .map(([, { Properties }]) => (Properties.PolicyDocument as { Statement: Statement[] }).Statement)
      const allowed = policy?.flatMap(({ Action }) => Action).filter((action) => !action.startsWith('logs:'))
      expect(new Set(allowed)).toEqual(done)
    },
  )

  const SERVICE_OF: Readonly<Record<string, string>> = {
    DescribeNetworkInterfaces: 'ec2:DescribeNetworkInterfaces',
    GetMetricData: 'cloudwatch:GetMetricData',
  }

  /** Its id in the template. */
  function lambdaOf(name: string): string | undefined {
    const lambdas = Object.entries(template.findResources('AWS::Lambda::Function'))
    return lambdas.find(([, { Properties }]) => Properties.FunctionName === `sovereign-tunnel-${name}`)?.[0]
  }

  function statementsOf(type: string): Statement[] {
    return Object.values(template.findResources(type)).flatMap(
      ({ Properties }) => (Properties.PolicyDocument as { Statement: Statement[] }).Statement,
    )
  }
})

/** All that a function asks of AWS, one way or another. */
async function operationsOf(name: FunctionName): Promise<string[]> {
  let time = Date.parse('2026-11-21T12:00:00Z')
  const aws = await startFakeAws({ now: () => time, stageMs: 1 })
  try {
    for (let lease = 0; lease < 25; lease += 1)
      aws.ecs.tags.set(`sovereign:lease:direct/${lease}`, '2026-01-01T00:00:00.000Z')
    await aws.invoke('wake', { owner: 'laptop' })
    time += 60 * 60_000
    if (name !== 'wake') aws.operations.length = 0
    // Started by hand, which sleep takes note of.
    if (name === 'sleep') {
      aws.ecs.tags.clear()
      await aws.invoke('sleep')
      time += 60 * 60_000
    }
    if (name !== 'wake') await aws.invoke(name, { owner: 'laptop' })
    return [...aws.operations]
  } finally {
    await aws.close()
  }
}
