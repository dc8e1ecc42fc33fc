import { expect, onTestFinished, test } from 'vitest'
import { type FakeAws, startFakeAws } from '../../support/upstreams/fake-aws.ts'

const MINUTE_MS = 60_000
const NOON = Date.parse('2026-11-21T12:00:00Z')

interface Clocked extends FakeAws {
  /** Minutes in which the tunnel server reports the same. */
  pass(minutes: number, report?: Parameters<FakeAws['report']>[0]): void
}

async function startAwake(): Promise<Clocked> {
  let time = NOON
  const aws = await startFakeAws({ now: () => time, stageMs: 1000 })
  onTestFinished(aws.close)
  const pass: Clocked['pass'] = (minutes, report) => {
    for (let minute = 0; minute < minutes; minute += 1) {
      time += MINUTE_MS
      if (report !== undefined) aws.report(report)
    }
  }
  await aws.invoke('wake', { owner: 'laptop' })
  return Object.assign(aws, { pass })
}

async function sleep(aws: FakeAws, request?: unknown): Promise<Record<string, unknown>> {
  return JSON.parse((await aws.invoke('sleep', request)).body)
}

test('a server that has just started is given its time', async () => {
  const aws = await startAwake()
  aws.pass(14)
  expect(await sleep(aws)).toMatchObject({ action: 'no_change', desiredCount: 1, idleDurationSeconds: 840 })
})

test('a server that reports nothing at all is put to sleep after 15 minutes', async () => {
  const aws = await startAwake()
  aws.pass(15)
  expect(await sleep(aws)).toMatchObject({ action: 'scaled_down', desiredCount: 0, idleDurationSeconds: 900 })
  expect(aws.ecs.desired).toBe(0)
})

test('an agent that is connected and sends nothing keeps no server awake', async () => {
  const aws = await startAwake()
  aws.pass(16, { bytes: 0, requests: 0, activeConnections: 1 })
  expect(await sleep(aws)).toMatchObject({ action: 'scaled_down', avgActiveConnections: 1 })
})

test.each([{ bytes: 1 }, { requests: 1 }])(
  '%o in the last minutes keep it awake, and 15 minutes later no more',
  async (traffic) => {
    const aws = await startAwake()
    aws.pass(60)
    aws.report({ ...traffic, activeConnections: 1 })
    aws.pass(10, { bytes: 0, requests: 0 })
    expect(await sleep(aws)).toMatchObject({ action: 'no_change', idleDurationSeconds: 600 })
    aws.pass(5)
    expect(await sleep(aws)).toMatchObject({ action: 'scaled_down' })
  },
)

test('being asked for again counts like traffic', async () => {
  const aws = await startAwake()
  aws.pass(14)
  await aws.invoke('wake', { owner: 'desktop' })
  aws.pass(14)
  expect(await sleep(aws)).toMatchObject({ action: 'no_change' })
  aws.pass(1)
  expect(await sleep(aws)).toMatchObject({ action: 'scaled_down' })
})

test('a server that is used all the time is stopped after its longest lifetime', async () => {
  const aws = await startAwake()
  aws.pass(12 * 60 - 1, { bytes: 1000, requests: 1 })
  expect(await sleep(aws)).toMatchObject({ action: 'no_change' })
  aws.pass(1, { bytes: 1000, requests: 1 })
  const answer = await sleep(aws)
  expect(answer).toMatchObject({
    action: 'scaled_down',
    message: expect.stringContaining('as long as it may'),
  })
})

test('a server that somebody started by hand is counted from when it is first seen', async () => {
  const aws = await startAwake()
  aws.ecs.tags.clear()
  aws.pass(60)
  expect(await sleep(aws)).toMatchObject({ action: 'no_change' })
  aws.pass(15)
  expect(await sleep(aws)).toMatchObject({ action: 'scaled_down' })
})

test('the thresholds of a request count instead of those of the function', async () => {
  const aws = await startAwake()
  aws.pass(6)
  expect(await sleep(aws, { idle_threshold_mins: 5, lookback_period_mins: 10 })).toMatchObject({
    action: 'scaled_down',
  })
})

test('a server that sleeps, or that does not exist, is left as it is', async () => {
  const aws = await startAwake()
  aws.ecs.desired = 0
  expect(await sleep(aws)).toMatchObject({ action: 'no_change', desiredCount: 0 })
  aws.ecs.isMissing = true
  expect(await sleep(aws)).toMatchObject({ action: 'no_change', desiredCount: 0 })
})

test('a server that is woken while it is put to sleep stays up', async () => {
  const aws = await startAwake()
  aws.pass(20)
  const scale = aws.ecs.scale.bind(aws.ecs)
  let woken: Promise<unknown> | undefined
  aws.ecs.scale = (desired) => {
    if (desired === 0) woken ??= aws.invoke('wake', { owner: 'desktop' })
    scale(desired)
  }
  await sleep(aws)
  await woken
  expect(aws.ecs.desired).toBe(1)
})

test('what goes wrong for the schedule is thrown, so that its alarm counts it', async () => {
  const aws = await startAwake()
  aws.pass(20)
  aws.deny('GetMetricData')
  await expect(aws.invoke('sleep')).rejects.toThrow(
    'AWS did not do what it was asked: AccessDeniedException.',
  )
  expect(aws.ecs.desired).toBe(1)
})
