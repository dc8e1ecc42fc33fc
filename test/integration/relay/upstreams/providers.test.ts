import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { adminRequest } from '../../../../src/node/admin-client.ts'
import { type RecentRequest, recentRequestsSchema } from '../../../../src/shared/protocol/recent-requests.ts'
import { ask, errorMessage, open } from '../../../support/ask.ts'
import { startOwnRelay } from '../../../support/start-own-relay.ts'
import type { TestRelay, TestRelayOptions } from '../../../support/start-relay.ts'
import { waitUntil } from '../../../support/start-sshd.ts'
import {
  BOX_MODEL,
  type FakeOpenaiCompatibleOptions,
  startFakeOpenaiCompatible,
} from '../../../support/upstreams/fake-openai-compatible.ts'

const KEY = 'a-key-of-nobody-1234567890'
const MODEL = `box/${BOX_MODEL}`
const CHAT = { model: MODEL, messages: [{ role: 'user', content: 'Who is there?' }] }

/** A relay with one provider, `box`. */
async function start(
  box: FakeOpenaiCompatibleOptions = {},
  provider: Readonly<Record<string, unknown>> = {},
  options: TestRelayOptions = {},
) {
  const standIn = await startFakeOpenaiCompatible(box)
  onTestFinished(() => standIn.close())
  const providers = { box: { base_url: standIn.baseUrl, ...provider } }
  const relay = await startOwnRelay({ ...options, config: { providers, ...options.config } })
  const post = (path: string, body: unknown) => ask(`${relay.url}${path}`, { body })
  return { ...relay, box: standIn, post }
}

async function counted(relay: TestRelay): Promise<readonly RecentRequest[]> {
  const { body } = await adminRequest(relay.relay.adminSocketPath, 'GET', '/stats/requests')
  return recentRequestsSchema.parse(body).requests
}

test('a request reaches the provider byte for byte, but for the name of the model', async () => {
  const { url, box } = await start()
  const written = (model: string): string =>
    `{ "messages":[{"role":"user","content":"h\\u00e9\\/"}],\n "seed": 12345678901234567890, "top_k":1e1,` +
    ` "guided_json":{"model":"inner"}, "model" : "${model}", "x":[ -0.0 ]}`
  expect((await ask(`${url}/v1/chat/completions`, { body: written(MODEL) })).status).toBe(200)
  expect((await ask(`${url}/providers/box/v1/chat/completions`, { body: written(BOX_MODEL) })).status).toBe(
    200,
  )
  const bodies = box.asked().map(({ body }) => body.toString())
  expect(bodies).toEqual([written(BOX_MODEL), written(BOX_MODEL)])
})

test('a stream comes back byte for byte as the provider sends it', async () => {
  const { url, box, post } = await start()
  const reply = { text: 'one two three', toolCalls: [{ name: 'look', arguments: { path: 'a "b"' } }] }
  const body = { ...CHAT, stream: true, stream_options: { include_usage: true } }
  box.script(reply, reply)
  const through = await post('/v1/chat/completions', body)
  const direct = await ask(`${box.url}/v1/chat/completions`, { body: { ...body, model: BOX_MODEL } })
  expect(through.text).toBe(direct.text)
  expect(through.text).toContain('"tool_calls": [{"index": 0')
  expect(through.headers).toMatchObject({
    'x-relay-upstream': 'box',
    'content-type': 'text/event-stream; charset=utf-8',
  })
  expect(through.headers).not.toHaveProperty('x-relay-fallback-from')
  expect(through.headers).not.toHaveProperty('server')
  expect((await fetch(`${url}/health`).then((each) => each.json())) as object).toMatchObject({
    upstreams: { copilot: true, box: true },
    coolingDown: [],
  })
})

test.each([
  ['/v1/chat/completions', '/v1/chat/completions', CHAT],
  ['/chat/completions', '/v1/chat/completions', CHAT],
  ['/v1/completions', '/v1/completions', { model: MODEL, prompt: 'def f(' }],
  ['/v1/embeddings', '/v1/embeddings', { model: MODEL, input: ['a', 'b'], encoding_format: 'float' }],
])('%s answers as the provider does at %s', async (path, there, body) => {
  const { post, box } = await start()
  const through = await post(path, body)
  const direct = await ask(`${box.url}${there}`, { body: { ...body, model: BOX_MODEL } })
  expect([through.status, through.text]).toEqual([200, direct.text])
})

test('messages and responses go to a provider that is said to have them', async () => {
  const { post, box } = await start({}, { wires: ['messages', 'responses'] })
  const messages = { model: MODEL, max_tokens: 9, stream: true, messages: CHAT.messages }
  expect((await post('/v1/messages', messages)).text).toContain('event: message_stop')
  expect((await post('/v1/responses', { model: MODEL, input: 'hi', stream: true })).text).toContain(
    'event: response.completed',
  )
  expect(box.asked().map(({ path }) => path)).toEqual(['/v1/messages', '/v1/responses'])
})

test('a wire that the provider does not have is refused with the one that it has', async () => {
  const { post, box } = await start({}, { wires: ['chat', 'embeddings'] })
  const body = { model: MODEL, input: 'hi' }
  const answer = await post('/v1/responses', body)
  expect([answer.status, answer.headers['x-relay-error']]).toEqual([400, 'relay.wrong-endpoint'])
  expect(errorMessage(answer)).toBe(
    `${MODEL} cannot be called on /v1/responses. Call it on /v1/chat/completions.`,
  )
  expect(errorMessage(await post('/providers/box/v1/responses', { ...body, model: BOX_MODEL }))).toBe(
    `${BOX_MODEL} cannot be called on /providers/box/v1/responses. Call it on /providers/box/v1/chat/completions.`,
  )
  expect(box.asked()).toEqual([])
})

test('the provider hears at once when the client goes away', async () => {
  const started = await start({ chunkDelayMs: 50 })
  const { url, box } = started
  box.script({ text: 'word '.repeat(1000) })
  const answer = await open(`${url}/v1/chat/completions`, { body: { ...CHAT, stream: true } })
  await answer.events(2)
  const leftAt = performance.now()
  answer.leave()
  expect(await waitUntil(() => box.asked()[0]?.abandonedAt !== undefined, 5_000)).toBe(true)
  // A stream that nobody broke off would take 50 seconds.
  expect((box.asked()[0]?.abandonedAt ?? Number.POSITIVE_INFINITY) - leftAt).toBeLessThan(2_000)
  const isCounted = async () => (await counted(started))[0]?.outcome === 'cancelled'
  expect(await waitUntil(isCounted, 5_000)).toBe(true)
})

test('every request is counted once for its provider, with the tokens that it tells', async () => {
  const started = await start()
  const { post, box } = started
  await post('/v1/chat/completions', { ...CHAT, stream: true, stream_options: { include_usage: true } })
  await post('/providers/box/v1/chat/completions', { ...CHAT, model: BOX_MODEL })
  await post('/v1/embeddings', { model: MODEL, input: 'a' })
  box.script({ status: 400 }, { text: 'a b c d', end: 'cut', eventsBeforeEnd: 2, chunkDelayMs: 5 })
  await post('/v1/chat/completions', CHAT)
  await post('/v1/chat/completions', { ...CHAT, stream: true })
  const requests = await counted(started)
  expect(requests.map(({ upstream, model }) => [upstream, model])).toEqual(
    Array.from({ length: 5 }, () => ['box', BOX_MODEL]),
  )
  expect(requests.map(({ outcome, inputTokens }) => [outcome, inputTokens]).toReversed()).toEqual([
    ['completed', 120],
    ['completed', 120],
    ['completed', 7],
    ['failed', null],
    ['truncated', null],
  ])
})

test('the provider gets its key and headers, and nothing of the client’s', async () => {
  const { url, box } = await start({ apiKey: KEY }, { api_key: KEY, headers: { 'X-Tenant': 'mine' } })
  const headers = { authorization: 'Bearer foreign', cookie: 'a=foreign', 'x-api-key': 'foreign' }
  expect((await ask(`${url}/v1/chat/completions`, { body: CHAT, headers })).status).toBe(200)
  expect(box.asked()[0]?.headers).toMatchObject({ authorization: `Bearer ${KEY}`, 'x-tenant': 'mine' })
  expect(JSON.stringify(box.asked()[0]?.rawHeaders)).not.toContain('foreign')
})

test('a provider without a key gets none', async () => {
  const { url, box } = await start()
  await ask(`${url}/v1/chat/completions`, { body: CHAT, headers: { authorization: 'Bearer foreign' } })
  expect(box.asked()[0]?.headers).not.toHaveProperty('authorization')
})

test('a key comes from a variable or a file too, the file as it is at that moment', async () => {
  const fromEnv = await start({ apiKey: KEY }, { api_key_env: 'BOX_KEY' }, { env: { BOX_KEY: KEY } })
  expect((await fromEnv.post('/v1/chat/completions', CHAT)).status).toBe(200)
  const fromFile = await start({ apiKey: KEY }, { api_key_file: '/nowhere/key' })
  const file = join(fromFile.dir, 'key')
  const missing = await fromFile.post('/v1/chat/completions', CHAT)
  expect([missing.status, missing.headers['x-relay-error']]).toEqual([401, 'relay.provider-key-missing'])
  expect(errorMessage(missing)).toContain('file /nowhere/key: it cannot be read: ENOENT')
  const put = (path: string) =>
    adminRequest(fromFile.relay.adminSocketPath, 'POST', '/admin/providers', {
      name: 'box',
      provider: { base_url: fromFile.box.baseUrl, api_key_file: path },
    })
  await writeFile(file, 'old-key-1234567\n')
  await put(file)
  expect((await fromFile.post('/v1/chat/completions', CHAT)).status).toBe(401)
  await writeFile(file, `${KEY}\n`)
  expect((await fromFile.post('/v1/chat/completions', CHAT)).status).toBe(200)
})

test.each(['constructor', '__proto__', 'toString'])('no variable is called %s', async (name) => {
  const { post } = await start({}, { api_key_env: name })
  const answer = await post('/v1/chat/completions', CHAT)
  expect([answer.status, answer.headers['x-relay-error']]).toEqual([401, 'relay.provider-key-missing'])
})

test('the key is in no answer and in no log, also where the provider repeats it', async () => {
  const odd = 'k"e\\y-of-nobody-123456'
  const header = 'a-header-of-nobody-123456'
  const { url, box, post, logged, relay } = await start({}, { api_key: odd, headers: { 'x-secret': header } })
  const echo = { error: { message: `odd: ${odd} ${header}` } }
  box.script(
    { status: 401, body: echo },
    { status: 500, body: `odd: ${odd} ${header}` },
    { status: 429, body: echo, headers: { 'retry-after': '1' } },
  )
  const seen: string[] = []
  for (let index = 0; index < 3; index += 1) seen.push((await post('/v1/chat/completions', CHAT)).text)
  for (const path of [
    '/v1/models',
    '/health',
    '/stats',
    '/setup',
    '/auth/status',
    '/providers/box/v1/models',
  ])
    seen.push((await ask(`${url}${path}`)).text)
  for (const path of ['/admin/providers', '/stats', '/auth/status'])
    seen.push(JSON.stringify((await adminRequest(relay.adminSocketPath, 'GET', path)).body))
  const everything = `${seen.join('\n')}${logged()}`
  expect(everything).toContain('odd: [redacted] [redacted]')
  for (const secret of [odd, JSON.stringify(odd).slice(1, -1), header])
    expect(everything).not.toContain(secret)
})

test('a refused key is said so, with the command that gives another', async () => {
  const { post, url } = await start({ apiKey: KEY }, { api_key: 'another-key-123456' })
  const answer = await post('/v1/chat/completions', CHAT)
  expect([answer.status, answer.headers['x-relay-error']]).toEqual([401, 'upstream.unauthorized'])
  expect(answer.text).toContain('sovereign relay providers add box URL --key')
  const list = await ask(`${url}/providers/box/v1/models`)
  expect([list.headers['x-relay-error'], errorMessage(list)]).toEqual([
    'upstream.unauthorized',
    expect.stringContaining('(status 401)'),
  ])
})

test.each([
  ['GET', '/providers/box/metrics', 404],
  ['GET', '/providers/box/v1/../../admin/providers', 404],
  ['POST', '/providers/box/v1/load_lora_adapter', 403],
  ['GET', '/providers/box/v1/chat/completions', 403],
  ['DELETE', '/providers/box/v1/models/x', 403],
  ['GET', '/providers/nobody/v1/models', 404],
  ['GET', '/providers/__proto__/v1/models', 404],
  ['GET', '/providers/constructor/v1/models', 404],
])('%s %s leads nowhere', async (method, path, status) => {
  const { url, box } = await start()
  const asked = method === 'POST' ? { method, body: CHAT } : { method }
  expect((await ask(`${url}${path}`, asked)).status).toBe(status)
  expect(box.requests).toEqual([])
})

test('a provider under an address of its own lists its models as it calls them', async () => {
  const { url } = await start({ models: ['a', 'org/b'] })
  const { data } = JSON.parse((await ask(`${url}/providers/box/v1/models`)).text) as {
    data: { id: string }[]
  }
  expect(data).toMatchObject([{ id: 'a', context_length: 40_960, max_model_len: 40_960 }, { id: 'org/b' }])
  for (const name of ['org/b', 'org%2Fb'])
    expect(JSON.parse((await ask(`${url}/providers/box/v1/models/${name}`)).text)).toMatchObject({
      id: 'org/b',
    })
  const head = await ask(`${url}/providers/box/v1/models`, { method: 'HEAD' })
  expect([head.status, head.text]).toEqual([200, ''])
  expect((await ask(`${url}/providers/box/v1/models/c`)).status).toBe(404)
})

test('models that config.json names are offered without asking', async () => {
  const { url, box } = await start({}, { models: [BOX_MODEL] })
  expect(JSON.parse((await ask(`${url}/v1/models/${MODEL}`)).text)).toMatchObject({ id: MODEL })
  expect(box.requests).toEqual([])
})

test('limits of a client hold for providers too', async () => {
  const { post, box } = await start({}, {}, { config: { limits: { default: { requests: 1 } } } })
  expect((await post('/v1/chat/completions', CHAT)).status).toBe(200)
  const answer = await post('/providers/box/v1/chat/completions', { ...CHAT, model: BOX_MODEL })
  expect([answer.status, answer.headers['x-relay-error']]).toEqual([429, 'limits.month-spent'])
  expect(box.asked()).toHaveLength(1)
})
