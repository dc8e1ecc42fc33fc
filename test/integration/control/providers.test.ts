import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { awsControl } from '../../../src/main/control/aws.ts'
import { createControl, parseServer } from '../../../src/main/control/create-control.ts'
import { magicPacket } from '../../../src/main/control/wake-on-lan.ts'
import { webhookControl, webhookSignature } from '../../../src/main/control/webhook.ts'
import { REAL_AMBIENT } from '../../../src/node/ambient.ts'
import { makeTempDir } from '../../support/make-temp-dir.ts'
import { startAwsWorld } from '../../support/start-control.ts'
import { type FakeWebhook, startFakeWebhook } from '../../support/upstreams/fake-webhook.ts'
import { startStandIn } from '../../support/upstreams/stand-in.ts'

const NEVER = new AbortController().signal
const SECRET = 'a secret of 32 characters or so'

async function temporaryFile(content: string): Promise<string> {
  const folder = await makeTempDir('control-')
  await writeFile(join(folder, 'file'), content)
  return join(folder, 'file')
}

async function startWebhook(): Promise<FakeWebhook> {
  const done = () => Promise.resolve()
  const webhook = await startFakeWebhook({ secret: SECRET, port: 1, start: done, stop: done })
  onTestFinished(webhook.close)
  return webhook
}

async function controlOf(url: string, secret = SECRET) {
  const secretFile = await temporaryFile(secret)
  return webhookControl({ kind: 'webhook', url, secretFile }, { ambient: REAL_AMBIENT, port: 8443 })
}

test('the signature of a webhook is that of the documentation', () => {
  expect(webhookSignature('secret', '1795262400', 'ab', '{"action":"wake"}')).toBe(
    '91a4fa69d61675a8040b5e106a1cfaf4b698c05e832c65948e885a3dbdd19fbe',
  )
})

test('every attempt of a webhook has a nonce of its own, and errors of the server are tried again', async () => {
  const webhook = await startWebhook()
  webhook.fail(503, 2)
  const control = await controlOf(webhook.url)
  await control.wake('laptop', NEVER)
  const nonces = webhook.requests.map(({ headers }) => headers['x-sovereign-nonce'])
  expect(new Set(nonces).size).toBe(3)
  expect([...webhook.owners]).toEqual(['laptop'])
})

test('a webhook with another secret is refused, and told what to check', async () => {
  const webhook = await startWebhook()
  const control = await controlOf(webhook.url, 'another secret, long enough')
  await expect(control.wake('laptop', NEVER)).rejects.toMatchObject({
    code: 'control.refused',
    message: expect.stringMatching(/"wake" at 127\.0\.0\.1:\d+ was answered with status 401: not signed/),
  })
  expect(webhook.requests).toHaveLength(1)
})

test('a secret that could be guessed signs nothing', async () => {
  const webhook = await startWebhook()
  const control = await controlOf(webhook.url, 'short')
  await expect(control.wake('laptop', NEVER)).rejects.toMatchObject({ code: 'control.refused' })
  expect(webhook.requests).toEqual([])
})

test.each([
  ['something that is no JSON', 200, '<html>'],
  ['JSON that is no answer', 200, '{"hello": 1}'],
  ['an answer of Lambda that wraps an error', 200, '{"statusCode": 500, "body": "{\\"error\\": \\"no\\"}"}'],
])('%s is a failure with words', async (_, status, body) => {
  const standIn = await startStandIn((_request, response) => void response.writeHead(status).end(body))
  onTestFinished(standIn.close)
  const control = await controlOf(standIn.url)
  await expect(control.query(NEVER)).rejects.toMatchObject({
    code: 'control.failed',
    message: expect.stringContaining('"query" at 127.0.0.1'),
  })
})

test('a signed request is not sent on to where a redirect points', async () => {
  const elsewhere = await startStandIn((_request, response) => void response.end('{}'))
  const standIn = await startStandIn(
    (_request, response) => void response.writeHead(307, { location: elsewhere.url }).end(),
  )
  onTestFinished(standIn.close)
  onTestFinished(elsewhere.close)
  const control = await controlOf(standIn.url)
  await expect(control.wake('laptop', NEVER)).rejects.toMatchObject({ code: 'control.failed' })
  expect(elsewhere.requests).toEqual([])
})

test('answers that Lambda wraps, and those of version 1, are understood', async () => {
  const body = JSON.stringify({ status: 'ready', public_ip: '192.0.2.1', message: 'On.' })
  const standIn = await startStandIn(
    (_request, response) => void response.end(JSON.stringify({ statusCode: 200, headers: {}, body })),
  )
  onTestFinished(standIn.close)
  const control = await controlOf(standIn.url)
  expect(await control.query(NEVER)).toEqual({
    stage: 'running',
    address: { host: '192.0.2.1', port: 8443 },
    message: 'On.',
    startedAt: undefined,
    stopsAt: undefined,
  })
})

test('credentials of the environment sign, and an AWS profile does', async () => {
  const { aws } = await startAwsWorld()
  aws.addUser('AKIAPROFILE', 'of the profile')
  const file = await temporaryFile(
    '[work]\naws_access_key_id = AKIAPROFILE\naws_secret_access_key = of the profile\n',
  )
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIALAPTOP')
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'the secret of the laptop')
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', file)
  vi.stubEnv('AWS_CONFIG_FILE', file)
  onTestFinished(() => {
    vi.unstubAllEnvs()
  })
  const settings = {
    kind: 'aws' as const,
    wake: aws.url('wake'),
    query: aws.url('query'),
    kill: aws.url('kill'),
    region: 'eu-central-1',
  }
  const options = { ambient: REAL_AMBIENT, port: 8443 }
  await awsControl(settings, options).wake('laptop', NEVER)
  // With both, the library of AWS warns on standard error.
  vi.stubEnv('AWS_ACCESS_KEY_ID', undefined)
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', undefined)
  await awsControl({ ...settings, awsProfile: 'work' }, options).wake('laptop', NEVER)
  const callers = [...aws.ecs.tags.keys()].filter((key) => key.startsWith('sovereign:lease:'))
  expect(callers).toEqual(['sovereign:lease:AIDAAKIALAPTOP/laptop', 'sovereign:lease:AIDAAKIAPROFILE/laptop'])
  await expect(
    awsControl({ ...settings, awsProfile: 'nobody' }, options).wake('laptop', NEVER),
  ).rejects.toMatchObject({ code: 'control.refused', message: expect.stringContaining('"nobody"') })
})

test('the region of a function URL is read from it, and asked for where it is not in it', () => {
  const options = { ambient: REAL_AMBIENT, port: 8443 }
  const of = (url: string) => awsControl({ kind: 'aws', wake: url, query: url, kill: url }, options)
  expect(of('https://abc123.lambda-url.eu-west-1.on.aws/').price?.source).toContain('eu-west-1')
  expect(() => of('https://wake.example.com/')).toThrow(
    expect.objectContaining({ code: 'control.refused', remedy: expect.stringContaining('"region"') }),
  )
})

test('a magic packet is six times FF and sixteen times the address', () => {
  const packet = magicPacket('00:11:22-aa:bb:cc')
  expect(packet).toHaveLength(102)
  expect(packet.toString('hex')).toBe(`ffffffffffff${'001122aabbcc'.repeat(16)}`)
})

test('where the server is comes from the settings', () => {
  expect(parseServer('[2001:db8::1]:443')).toEqual({ host: '2001:db8::1', port: 443 })
  const files = { ca: '/ca', cert: '/cert', key: '/key' }
  const mtls = { ...files, serverName: 'x', protocol: 'h2' as const, holdSeconds: 120 }
  const control = { kind: 'process' as const, command: ['/bin/true'] }
  expect(createControl(mtls, REAL_AMBIENT)).toBeUndefined()
  expect(createControl({ ...mtls, server: 'localhost:1', control }, REAL_AMBIENT)?.kind).toBe('process')
  expect(() => createControl({ ...mtls, control }, REAL_AMBIENT)).toThrow('where the tunnel server is')
})
