import { randomUUID } from 'node:crypto'
import type { FunctionHandler } from '../../../src/functions/handler.ts'
import { killHandler } from '../../../src/functions/kill/handler.ts'
import { queryHandler } from '../../../src/functions/query/handler.ts'
import { sleepHandler } from '../../../src/functions/sleep/handler.ts'
import { wakeHandler } from '../../../src/functions/wake/handler.ts'
import { createForgetfulLogger } from '../../../src/node/log.ts'
import { TUNNEL_METRICS } from '../../../src/shared/protocol/tunnel-metrics.ts'
import { FakeEcs, type FakeEcsOptions, type FakeTask } from './fake-aws-ecs.ts'
import {
  type Datapoint,
  describeNetworkInterfaces,
  FakeAwsError,
  type FakeWorld,
  JSON_OPERATIONS,
} from './fake-aws-operations.ts'
import { checkSignature, type Signer } from './fake-aws-signature.ts'
import { type RecordedRequest, startStandIn } from './stand-in.ts'

export interface FakeAwsOptions extends Omit<FakeEcsOptions, 'now' | 'stageMs'> {
  /** The clock of AWS and of its functions. */
  readonly now?: () => number
  readonly stageMs?: number
  /** Where its tunnel server listens. */
  readonly port?: number
  readonly publicIp?: (task: FakeTask) => string | undefined
}

/** An answer to give instead of doing what was asked. */
export interface Fault {
  readonly status: number
  readonly code: string
  readonly message?: string
}

export type FunctionName = 'wake' | 'query' | 'kill' | 'sleep'

export interface FakeAws {
  readonly ecs: FakeEcs
  /** What may be passed to clients of the SDK. */
  readonly access: {
    readonly endpoint: string
    readonly region: string
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }
  }
  /** Names of the operations of AWS that were asked for, in their order, and whether they were done. */
  readonly operations: string[]
  /** Calls of the functions. */
  readonly invocations: FunctionName[]
  url(name: FunctionName): string
  /** The function itself, as the schedule calls it. */
  invoke(name: FunctionName, event?: unknown): ReturnType<FunctionHandler>
  /** What the tunnel server reports for the minute that ends now. */
  report(values: { bytes?: number; requests?: number; activeConnections?: number }): void
  /** The next calls of an operation, or of a function by its name, end like this. */
  fail(operation: string, fault: Fault, times?: number): void
  /** As if the right to an operation were missing. */
  deny(operation: string): void
  addUser(accessKeyId: string, secretAccessKey: string): void
  close(): Promise<void>
}

const REGION = 'eu-central-1'
const FUNCTIONS: readonly FunctionName[] = ['wake', 'query', 'kill', 'sleep']

/** Amazon ECS, EC2 and CloudWatch as their SDK sees them, and the functions behind signed URLs as Lambda runs them. */
export async function startFakeAws(options: FakeAwsOptions = {}): Promise<FakeAws> {
  const { now = Date.now, stageMs = 0, port = 8443, publicIp = () => '127.0.0.1', ...rest } = options
  const ecs = new FakeEcs({ ...rest, now, stageMs })
  const datapoints: Datapoint[] = []
  const world: FakeWorld = { ecs, datapoints, publicIp }
  const secrets = new Map<string, string>([['AKIAFUNCTIONS', randomUUID()]])
  const faults = new Map<string, Fault[]>()
  const denied = new Set<string>()
  const operations: string[] = []
  const invocations: FunctionName[] = []

  const done = (operation: string, signer: Signer, service: string): void => {
    operations.push(operation)
    const fault = faults.get(operation)?.shift()
    if (fault !== undefined) throw new FakeAwsError(fault.status, fault.code, fault.message ?? fault.code)
    if (signer.service !== service)
      throw new FakeAwsError(
        403,
        'SignatureDoesNotMatch',
        `Credential should be scoped to service ${service}`,
      )
    if (denied.has(operation))
      throw new FakeAwsError(400, 'AccessDeniedException', `not authorized to perform: ${operation}`)
    ecs.settle()
  }

  const standIn = await startStandIn(async (request, response) => {
    const signer = checkSignature(
      {
        method: request.method,
        url: new URL(request.target, standIn.url),
        headers: request.headers,
        body: request.body,
      },
      (accessKeyId) => secrets.get(accessKeyId),
    )
    const reply = await answer(request, signer)
    response.writeHead(reply.status, reply.headers).end(reply.body)
  })

  const answer = async (request: RecordedRequest, signer: Signer | string): Promise<Reply> => {
    const name = FUNCTIONS.find((candidate) => request.path === `/functions/${candidate}/`)
    if (name !== undefined) return await call(name, request, signer)
    const target = String(request.headers['x-amz-target'] ?? '')
    try {
      if (typeof signer === 'string') throw new FakeAwsError(400, 'UnrecognizedClientException', signer)
      if (target !== '') {
        const [service = '', operation = ''] = target.split('.')
        done(operation, signer, service.startsWith('AmazonEC2Container') ? 'ecs' : 'monitoring')
        const input = JSON.parse(request.body.toString('utf8'))
        return json(200, JSON_OPERATIONS[operation]?.(world, input) ?? unknown(operation))
      }
      const parameters = new URLSearchParams(request.body.toString('utf8'))
      done(String(parameters.get('Action')), signer, 'ec2')
      return xml(200, describeNetworkInterfaces(world, parameters))
    } catch (error) {
      if (!(error instanceof FakeAwsError)) throw error
      return target === ''
        ? xmlError(error)
        : json(error.status, { __type: error.code, message: error.message })
    }
  }

  const call = async (
    name: FunctionName,
    request: RecordedRequest,
    signer: Signer | string,
  ): Promise<Reply> => {
    invocations.push(name)
    if (typeof signer === 'string') return json(403, { Message: signer })
    if (signer.service !== 'lambda' || signer.region !== REGION) return json(403, { Message: 'Forbidden' })
    const fault = faults.get(name)?.shift()
    if (fault !== undefined) return json(fault.status, { Message: fault.message ?? fault.code })
    const { statusCode, headers, body } = await handlers[name]({
      version: '2.0',
      rawPath: '/',
      headers: request.headers,
      requestContext: {
        http: { method: request.method, path: '/' },
        authorizer: { iam: { accessKey: signer.accessKeyId, userId: `AIDA${signer.accessKeyId}` } },
      },
      body: request.body.toString('base64'),
      isBase64Encoded: true,
    })
    return { status: statusCode, headers, body }
  }

  const environment = {
    cluster: ecs.cluster,
    service: ecs.service,
    port,
    metricsNamespace: TUNNEL_METRICS.namespace,
    idleMs: 15 * 60_000,
    maxLifetimeMs: 12 * 3_600_000,
  }
  const access = {
    endpoint: standIn.url,
    region: REGION,
    credentials: { accessKeyId: 'AKIAFUNCTIONS', secretAccessKey: secrets.get('AKIAFUNCTIONS') ?? '' },
  }
  const tools = { access, now, log: createForgetfulLogger('functions', 'silent') }
  const handlers: Record<FunctionName, FunctionHandler> = {
    wake: wakeHandler(environment, tools),
    query: queryHandler(environment, tools),
    kill: killHandler(environment, tools),
    sleep: sleepHandler(environment, tools),
  }
  const metricNames = {
    bytes: TUNNEL_METRICS.bytes,
    requests: TUNNEL_METRICS.requests,
    activeConnections: TUNNEL_METRICS.activeConnections,
  }
  return {
    ecs,
    access,
    operations,
    invocations,
    url: (name) => `${standIn.url}/functions/${name}/`,
    invoke: (name, event = { 'detail-type': 'Scheduled Event', source: 'aws.events' }) =>
      handlers[name](event),
    report: (values) => {
      for (const key of ['bytes', 'requests', 'activeConnections'] as const) {
        const value = values[key]
        if (value === undefined) continue
        const { cluster, service } = TUNNEL_METRICS.dimensions
        datapoints.push({
          metric: metricNames[key],
          namespace: TUNNEL_METRICS.namespace,
          dimensions: { [cluster]: ecs.cluster, [service]: ecs.service },
          at: now() - 60_000,
          value,
        })
      }
    },
    fail: (operation, fault, times = 1) => {
      faults.set(operation, [...(faults.get(operation) ?? []), ...new Array<Fault>(times).fill(fault)])
    },
    deny: (operation) => void denied.add(operation),
    addUser: (accessKeyId, secretAccessKey) => void secrets.set(accessKeyId, secretAccessKey),
    close: standIn.close,
  }
}

interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

function json(status: number, body: unknown): Reply {
  return { status, headers: { 'content-type': 'application/x-amz-json-1.1' }, body: JSON.stringify(body) }
}

function xml(status: number, body: string): Reply {
  return { status, headers: { 'content-type': 'text/xml' }, body }
}

function xmlError({ status, code, message }: FakeAwsError): Reply {
  const error = `<Error><Code>${code}</Code><Message>${message}</Message></Error>`
  return xml(status, `<Response><Errors>${error}</Errors><RequestID>fake</RequestID></Response>`)
}

function unknown(operation: string): never {
  throw new FakeAwsError(400, 'UnknownOperationException', `There is no ${operation} here`)
}
