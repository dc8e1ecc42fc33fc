import { expect, onTestFinished, test } from 'vitest'
import type { FunctionAnswer } from '../../../src/functions/handler.ts'
import { type FakeAws, type FakeAwsOptions, startFakeAws } from '../../support/upstreams/fake-aws.ts'
import type { FakeTask } from '../../support/upstreams/fake-aws-ecs.ts'

const MINUTE_MS = 60_000
const NOON = Date.parse('2026-11-21T12:00:00Z')

async function start(options: FakeAwsOptions = {}): Promise<FakeAws & { pass(ms: number): void }> {
  let time = NOON
  const aws = await startFakeAws({ now: () => time, ...options })
  onTestFinished(aws.close)
  const pass = (ms: number): void => {
    time += ms
  }
  return Object.assign(aws, { pass })
}

function read({ statusCode, body }: FunctionAnswer): Record<string, unknown> {
  return { statusCode, ...JSON.parse(body) }
}

const ask = async (aws: FakeAws, name: 'wake' | 'query' | 'kill' | 'sleep', request: unknown = {}) =>
  read(await aws.invoke(name, request))

test('waking again and again wants one server, and says what there was before', async () => {
  const aws = await start()
  const first = await ask(aws, 'wake', { owner: 'laptop' })
  expect(first).toMatchObject({ statusCode: 200, status: 'waking', desiredCount: 1, runningCount: 0 })
  expect(first).toMatchObject({
    instance_id: `sovereign-tunnel-sovereign-tunnel-server-${NOON / 1000}`,
    estimatedStartTime: '2026-11-21T12:01:15.000Z',
    leaseExpiresAt: '2026-11-22T00:00:00.000Z',
  })
  expect(await ask(aws, 'wake', { owner: 'laptop' })).toMatchObject({ status: 'starting', pendingCount: 1 })
  for (let step = 0; step < 5; step += 1) await ask(aws, 'query')
  expect(await ask(aws, 'wake', { owner: 'desktop' })).toMatchObject({ status: 'scaling', runningCount: 1 })
  expect({ desired: aws.ecs.desired, tasks: aws.ecs.tasks.length }).toEqual({ desired: 1, tasks: 1 })
  expect(new Set(aws.ecs.scaled)).toEqual(new Set([1]))
})

test('query goes through the stages of a task in their order, up with an address and down to stopped', async () => {
  const aws = await start({ port: 9443 })
  expect(await ask(aws, 'query')).toMatchObject({ status: 'negative', stage: 'stopped' })
  await ask(aws, 'wake', { owner: 'laptop' })
  const up = [await ask(aws, 'query'), await ask(aws, 'query'), await ask(aws, 'query')]
  expect(up.map(({ status, stage }) => [status, stage])).toEqual([
    ['pending', 'pending'],
    ['pending', 'activating'],
    ['ready', 'running'],
  ])
  expect(up[2]).toMatchObject({
    public_ip: '127.0.0.1',
    port: 9443,
    startedAt: '2026-11-21T12:00:00.000Z',
    stopsAt: '2026-11-22T00:00:00.000Z',
  })
  expect(await ask(aws, 'kill', { owner: 'laptop' })).toMatchObject({ status: 'stopping', desiredCount: 0 })
  const down = [await ask(aws, 'query'), await ask(aws, 'query'), await ask(aws, 'query')]
  expect(down.map(({ status, stage }) => [status, stage])).toEqual([
    ['negative', 'stopping'],
    ['negative', 'deprovisioning'],
    ['negative', 'stopped'],
  ])
  expect(await ask(aws, 'kill', { owner: 'laptop' })).toMatchObject({ status: 'killed', desiredCount: 0 })
})

test('each of the eight stages that ECS has is told by its own name', async () => {
  const aws = await start({ stageMs: 1000 })
  const stages = async (): Promise<unknown[]> => {
    const seen: unknown[] = []
    for (const _ of [1, 2, 3, 4]) {
      const { status, stage } = await ask(aws, 'query')
      seen.push([status, stage])
      aws.pass(1000)
    }
    return seen
  }
  await ask(aws, 'wake', { owner: 'laptop' })
  expect(await stages()).toEqual([
    ['pending', 'provisioning'],
    ['pending', 'pending'],
    ['pending', 'activating'],
    ['ready', 'running'],
  ])
  await ask(aws, 'kill', { owner: 'laptop' })
  aws.pass(1000)
  expect(await stages()).toEqual([
    ['negative', 'deactivating'],
    ['negative', 'stopping'],
    ['negative', 'deprovisioning'],
    ['negative', 'stopped'],
  ])
})

test('a service that is wanted and has no task yet is waited for, not given up', async () => {
  const aws = await start({ schedulerMs: MINUTE_MS, stageMs: 1000 })
  await ask(aws, 'wake')
  expect(await ask(aws, 'query')).toMatchObject({ status: 'pending', stage: 'requested' })
  aws.pass(MINUTE_MS)
  expect(await ask(aws, 'query')).toMatchObject({ status: 'pending', stage: 'provisioning' })
})

test('the address is that of the task that runs, also when others are listed before it', async () => {
  const publicIp = ({ arn }: FakeTask) => (arn.endsWith('1') ? '192.0.2.1' : '192.0.2.2')
  const aws = await start({ stageMs: 1000, publicIp })
  await ask(aws, 'wake')
  aws.pass(10_000)
  expect(await ask(aws, 'query')).toMatchObject({ status: 'ready', public_ip: '192.0.2.1' })
  const [first] = aws.ecs.tasks
  if (first !== undefined) aws.ecs.stop(first, 'Task failed container health checks')
  expect(await ask(aws, 'query')).toMatchObject({ status: 'pending' })
  aws.pass(10_000)
  await ask(aws, 'query')
  aws.pass(10_000)
  expect(await ask(aws, 'query')).toMatchObject({ status: 'ready', public_ip: '192.0.2.2' })
})

test('a task without a public address is not ready', async () => {
  const aws = await start({ stageMs: 1, publicIp: () => undefined })
  await ask(aws, 'wake')
  aws.pass(1000)
  expect(await ask(aws, 'query')).toMatchObject({ status: 'pending', stage: 'running' })
})

test('why the last task could not start is said while the next one is tried', async () => {
  const aws = await start({ stageMs: 1000 })
  aws.ecs.startFailure = 'CannotPullContainerError: image not found'
  await ask(aws, 'wake')
  aws.pass(3500)
  expect(await ask(aws, 'query')).toMatchObject({
    status: 'pending',
    stage: 'provisioning',
    message: expect.stringContaining('CannotPullContainerError'),
  })
})

test('a server that another owner needs is not killed, and the last one to let go stops it', async () => {
  const aws = await start({ stageMs: 1000 })
  await ask(aws, 'wake', { owner: 'laptop' })
  await ask(aws, 'wake', { owner: 'desktop' })
  aws.pass(10_000)
  expect(await ask(aws, 'kill', { owner: 'laptop' })).toMatchObject({
    status: 'held',
    holders: 1,
    desiredCount: 1,
  })
  expect(await ask(aws, 'kill', { owner: 'laptop' })).toMatchObject({ status: 'held', holders: 1 })
  expect(aws.ecs.desired).toBe(1)
  expect(await ask(aws, 'kill', { owner: 'desktop' })).toMatchObject({ status: 'stopping' })
  aws.pass(10_000)
  expect(await ask(aws, 'kill', { owner: 'desktop' })).toMatchObject({ status: 'killed', desiredCount: 0 })
})

test('a lease of an earlier run holds nothing', async () => {
  const aws = await start({ stageMs: 1000 })
  await ask(aws, 'wake', { owner: 'crashed' })
  aws.pass(30 * MINUTE_MS)
  expect(await ask(aws, 'sleep')).toMatchObject({ action: 'scaled_down' })
  await ask(aws, 'wake', { owner: 'laptop' })
  expect(await ask(aws, 'kill', { owner: 'laptop' })).toMatchObject({
    status: expect.not.stringMatching('held'),
  })
})

test('a wake that comes between the two looks of a kill keeps the server up', async () => {
  const aws = await start()
  await ask(aws, 'wake', { owner: 'laptop' })
  const scale = aws.ecs.scale.bind(aws.ecs)
  let raced = false
  aws.ecs.scale = (desired) => {
    // As if the other's lease and its scaling up had just gone before this scaling down.
    if (desired === 0 && !raced) {
      raced = true
      aws.ecs.tags.set('sovereign:lease:direct/desktop', new Date(NOON).toISOString())
    }
    scale(desired)
  }
  expect(await ask(aws, 'kill', { owner: 'laptop' })).toMatchObject({ status: 'held', desiredCount: 1 })
  expect({ raced, desired: aws.ecs.desired }).toEqual({ raced: true, desired: 1 })
})

test('many wakes and kills at once end as the leases say', async () => {
  const aws = await start()
  const owners = ['a', 'b', 'c', 'd']
  await Promise.all(owners.flatMap((owner) => [ask(aws, 'wake', { owner }), ask(aws, 'wake', { owner })]))
  await Promise.all([
    ask(aws, 'kill', { owner: 'a' }),
    ask(aws, 'kill', { owner: 'b' }),
    ask(aws, 'wake', { owner: 'e' }),
  ])
  expect(aws.ecs.desired).toBe(1)
  await Promise.all(['c', 'd', 'e'].map((owner) => ask(aws, 'kill', { owner })))
  expect(aws.ecs.desired).toBe(0)
})
