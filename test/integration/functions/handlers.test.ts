import { expect, onTestFinished, test } from 'vitest'
import { type FakeAws, startFakeAws } from '../../support/upstreams/fake-aws.ts'

async function start(): Promise<FakeAws> {
  const aws = await startFakeAws()
  onTestFinished(aws.close)
  return aws
}

const REQUEST = { owner: 'laptop' }
const TEXT = JSON.stringify(REQUEST)

test.each([
  ['an object', REQUEST],
  ['a string', TEXT],
  ['bytes', Buffer.from(TEXT)],
  ['an event of a function URL', { body: TEXT, requestContext: {} }],
  ['an event in base64', { body: Buffer.from(TEXT).toString('base64'), isBase64Encoded: true }],
])('%s is understood', async (_, event) => {
  const aws = await start()
  expect(await aws.invoke('wake', event)).toMatchObject({
    statusCode: 200,
    headers: { 'Content-Type': 'application/json' },
  })
  expect([...aws.ecs.tags.keys()]).toContain('sovereign:lease:direct/laptop')
})

test.each([
  ['nothing', undefined],
  ['an empty body', { body: '', requestContext: {} }],
  ['what version 1 sends', { clusterName: 'a', serviceName: 'b' }],
])('%s wakes without an owner', async (_, event) => {
  const aws = await start()
  expect(await aws.invoke('wake', event ?? null)).toMatchObject({ statusCode: 200 })
  expect([...aws.ecs.tags.keys()]).toContain('sovereign:lease:direct/unnamed')
})

test.each([
  ['{"owner": ', 'Invalid JSON in request body'],
  [{ body: 'no json', requestContext: {} }, 'Invalid JSON in request body'],
  ['[1]', 'Invalid request format'],
  [['x'], 'Invalid request format'],
  [42, 'Invalid request format'],
  [{ owner: '../x y' }, 'Invalid request format'],
  [{ body: 7, requestContext: {} }, 'Invalid request format'],
  [{ cluster_name: 'another' }, 'Invalid request format'],
])('%j is answered with 400 and wakes nothing', async (event, error) => {
  const aws = await start()
  const { statusCode, body } = await aws.invoke('wake', event)
  expect({ statusCode, body: JSON.parse(body) }).toEqual({ statusCode: 400, body: { error } })
  expect(aws.operations).toEqual([])
})

test('the id that wake gave is taken by query, whatever dashes are in it, and no other', async () => {
  const aws = await start()
  const { instance_id } = JSON.parse((await aws.invoke('wake', {})).body)
  expect(await aws.invoke('query', { instance_id })).toMatchObject({ statusCode: 200 })
  expect(await aws.invoke('query', { instance_id: 'other-service-17' })).toMatchObject({ statusCode: 400 })
})

test('throttling and errors of AWS are tried again', async () => {
  const aws = await start()
  aws.fail('DescribeServices', { status: 400, code: 'ThrottlingException' })
  aws.fail('UpdateService', { status: 500, code: 'ServerException' })
  expect(await aws.invoke('wake', {})).toMatchObject({ statusCode: 200 })
  expect(aws.operations.filter((name) => name === 'UpdateService')).toHaveLength(2)
})

test('what AWS refuses is answered with 500, its name, and neither stack nor account', async () => {
  const aws = await start()
  const message = 'User: arn:aws:sts::123456789012:assumed-role/x is not authorized'
  aws.fail('UpdateService', { status: 400, code: 'AccessDeniedException', message })
  const { statusCode, body } = await aws.invoke('wake', {})
  expect({ statusCode, body: JSON.parse(body) }).toEqual({
    statusCode: 500,
    body: { error: 'AWS did not do what it was asked: AccessDeniedException.' },
  })
})

test('a service that does not exist is an error to wake and nothing to do for kill', async () => {
  const aws = await start()
  aws.ecs.isMissing = true
  const woken = await aws.invoke('wake', {})
  expect(woken.statusCode).toBe(500)
  expect(JSON.parse(woken.body).error).toContain('no ECS service "sovereign-tunnel-server"')
  expect(JSON.parse((await aws.invoke('kill', {})).body)).toMatchObject({ status: 'killed' })
  expect(JSON.parse((await aws.invoke('query', {})).body)).toMatchObject({ status: 'negative' })
})

test('nobody lets go of a lease that another identity holds', async () => {
  const aws = await start()
  const as = (userId: string) => ({ body: TEXT, requestContext: { authorizer: { iam: { userId } } } })
  await aws.invoke('wake', as('AROAONE:session-1'))
  const other = JSON.parse((await aws.invoke('kill', as('AROATWO:session-1'))).body)
  expect(other).toMatchObject({ status: 'held', holders: 1 })
  const same = JSON.parse((await aws.invoke('kill', as('AROAONE:session-2'))).body)
  expect(same.status).not.toBe('held')
})
