import { expect, onTestFinished, test } from 'vitest'
import { adminRequest } from '../../../../src/node/admin-client.ts'
import { recentRequestsSchema } from '../../../../src/shared/protocol/recent-requests.ts'
import { ask, errorMessage } from '../../../support/ask.ts'
import { fakeAmbient } from '../../../support/fake-ambient.ts'
import { freePort } from '../../../support/free-port.ts'
import { parseMetrics } from '../../../support/parse-metrics.ts'
import { startOwnRelay } from '../../../support/start-own-relay.ts'
import type { TestRelayOptions } from '../../../support/start-relay.ts'
import { startFakeOpenaiCompatible } from '../../../support/upstreams/fake-openai-compatible.ts'
import type { Reply } from '../../../support/upstreams/reply.ts'

const CHAT = { model: 'one/m', messages: [{ role: 'user', content: 'Who is there?' }] }

interface Setting {
  readonly fallbacks?: Readonly<Record<string, readonly string[]>>
  /** In place of the address of `one`. */
  readonly oneAt?: string
  readonly config?: Readonly<Record<string, unknown>>
  readonly options?: TestRelayOptions
}

/** A relay with the providers `one` and `two`; `two/n` stands in for `one/m`. */
async function start(setting: Setting = {}) {
  const one = await startFakeOpenaiCompatible({ models: ['m'] })
  const two = await startFakeOpenaiCompatible({ models: ['n'] })
  onTestFinished(async () => {
    await one.close()
    await two.close()
  })
  const config = {
    providers: { one: { base_url: setting.oneAt ?? one.baseUrl }, two: { base_url: two.baseUrl } },
    routing: { fallbacks: setting.fallbacks ?? { 'one/m': ['two/n'] } },
    ...setting.config,
  }
  const relay = await startOwnRelay({ ...setting.options, config })
  const post = (body: unknown = CHAT, path = '/v1/chat/completions') => ask(`${relay.url}${path}`, { body })
  /** Each attempt as it was counted, the oldest first. */
  const counted = async (): Promise<string[]> => {
    const { body } = await adminRequest(relay.relay.adminSocketPath, 'GET', '/stats/requests')
    const { requests } = recentRequestsSchema.parse(body)
    return requests.map(({ upstream, model, outcome }) => `${upstream} ${model} ${outcome}`).toReversed()
  }
  return { ...relay, one, two, post, counted }
}

const FAILED = 'one m failed'
const STOOD_IN = 'two n completed'

test.each<[string, Reply]>([
  ['says that it is busy (429)', { status: 429 }],
  ['is overloaded (503)', { status: 503, body: 'no workers' }],
  ['breaks (500)', { status: 500 }],
  ['has nothing left to spend (402)', { status: 402 }],
  ['hangs up without a word', { end: 'cut', eventsBeforeEnd: 0 }],
])('an upstream that %s is replaced, and each attempt is counted once', async (_what, reply) => {
  const { one, two, post, counted } = await start()
  one.script(reply)
  const answer = await post({ ...CHAT, stream: true, seed: 1 })
  expect([
    answer.status,
    answer.headers['x-relay-upstream'],
    answer.headers['x-relay-fallback-from'],
  ]).toEqual([200, 'two', 'one/m'])
  expect(answer.text).toContain('[DONE]')
  expect(two.asked().map(({ body }) => body.toString())).toEqual([
    JSON.stringify({ ...CHAT, model: 'n', stream: true, seed: 1 }),
  ])
  expect(await counted()).toEqual([FAILED, STOOD_IN])
})

test('a host where nobody listens is replaced, and asked last for a while', async () => {
  const { url, post, counted, relay } = await start({ oneAt: `http://127.0.0.1:${await freePort()}/v1` })
  expect((await post()).headers['x-relay-fallback-from']).toBe('one/m')
  expect((await post()).headers['x-relay-fallback-from']).toBe('one/m')
  expect(await counted()).toEqual([FAILED, STOOD_IN, STOOD_IN])
  expect(JSON.parse((await ask(`${url}/health`)).text)).toMatchObject({ coolingDown: ['one'] })
  const { body } = await adminRequest(relay.adminSocketPath, 'POST', '/admin/token')
  const headers = { authorization: `Bearer ${(body as { token: string }).token}` }
  const samples = parseMetrics((await ask(`${url}/metrics`, { headers })).text).filter(
    ({ labels }) => labels.upstream === 'one' || 'from' in labels,
  )
  expect(samples).toEqual(
    expect.arrayContaining([
      { name: 'sovereign_relay_upstream_ready', labels: { upstream: 'one' }, value: 1 },
      { name: 'sovereign_relay_upstream_cooling_down', labels: { upstream: 'one' }, value: 1 },
      { name: 'sovereign_relay_fallbacks_total', labels: { from: 'one', to: 'two' }, value: 2 },
    ]),
  )
})

test('an upstream that takes the request and stays silent is replaced', async () => {
  const limits = { first_byte_ms: 200, between_bytes_ms: 200, whole_reply_ms: 200 }
  const { one, post, counted } = await start({ config: { relay: { limits } } })
  one.script({ end: 'stall' })
  expect((await post()).headers['x-relay-upstream']).toBe('two')
  expect(await counted()).toEqual([FAILED, STOOD_IN])
})

test('so is one that falls silent in the middle of its refusal', async () => {
  const limits = { first_byte_ms: 200, between_bytes_ms: 200, whole_reply_ms: 200 }
  const { one, post, counted } = await start({ config: { relay: { limits } } })
  one.script({ status: 503, body: 'busy', end: 'stall' })
  expect((await post()).headers['x-relay-upstream']).toBe('two')
  expect(await counted()).toEqual([FAILED, STOOD_IN])
})

test.each([400, 401, 403, 404, 409, 413, 422])(
  'an answer with status %i is the answer: nobody else is asked',
  async (status) => {
    const { one, two, post, counted } = await start()
    one.script({ status, body: { error: { message: 'It is so.' } } })
    const answer = await post()
    expect([answer.status, errorMessage(answer)]).toEqual([status, 'It is so.'])
    expect(answer.headers['x-relay-upstream']).toBe('one')
    expect(two.asked()).toEqual([])
    expect(await counted()).toEqual([FAILED])
  },
)

test('no provider with zero data retention is an answer too, and never leads to one that keeps data', async () => {
  const { openrouter, two, post } = await start({ fallbacks: { '*': ['two/n'] } })
  openrouter.script({
    status: 503,
    body: { error: { message: 'No endpoints available matching your data policy' } },
  })
  const answer = await post({ ...CHAT, model: 'openrouter/a/b' })
  expect([answer.status, answer.headers['x-relay-error']]).toEqual([503, 'relay.no-zdr-endpoint'])
  expect(two.asked()).toEqual([])
})

test('a limit of the relay is no reason to ask somebody else', async () => {
  const { one, two, post } = await start({ config: { limits: { default: { requests: 0 } } } })
  const answer = await post()
  expect([answer.status, answer.headers['x-relay-error']]).toEqual([429, 'limits.month-spent'])
  expect([...one.asked(), ...two.asked()]).toEqual([])
})

test.each<[string, Reply]>([
  ['cuts the connection', { end: 'cut' }],
  ['ends too early', { end: 'truncate' }],
])('once the first byte is with the client, an upstream that %s is not replaced', async (_what, how) => {
  const { one, two, post, counted } = await start()
  one.script({ text: 'a b c d e', eventsBeforeEnd: 2, chunkDelayMs: 5, ...how })
  const answer = await post({ ...CHAT, stream: true })
  expect(answer.text).toContain('relay.stream-truncated')
  expect(two.asked()).toEqual([])
  expect(await counted()).toEqual(['one m truncated'])
})

test.each([
  ['seconds', () => '7', 7_000],
  ['a date', (now: number) => new Date(now + 60_000).toUTCString(), 60_000],
])('Retry-After in %s says how long the upstream is asked last', async (_what, retryAfter, waitMs) => {
  const ambient = fakeAmbient()
  const { one, post, counted } = await start({ options: { ambient } })
  one.script({ status: 429, headers: { 'retry-after': retryAfter(ambient.now()) } })
  await post()
  ambient.pass(waitMs - 1)
  expect((await post()).headers['x-relay-fallback-from']).toBe('one/m')
  ambient.pass(1)
  const answer = await post()
  expect(answer.headers['x-relay-upstream']).toBe('one')
  expect(answer.headers).not.toHaveProperty('x-relay-fallback-from')
  expect(await counted()).toEqual([FAILED, STOOD_IN, STOOD_IN, 'one m completed'])
})

test('a stand-in that refuses its key does not keep the next one from answering', async () => {
  const { one, two, post, counted } = await start({ fallbacks: { 'one/m': ['two/n', 'copilot/gpt-4.1'] } })
  one.script({ status: 429 })
  two.script({ status: 401, body: { error: 'Unauthorized' } })
  const answered = await post()
  expect([
    answered.status,
    answered.headers['x-relay-upstream'],
    answered.headers['x-relay-fallback-from'],
  ]).toEqual([200, 'copilot', 'one/m, two/n'])
  expect(await counted()).toEqual([FAILED, 'two n failed', 'copilot gpt-4.1 completed'])
})

test('what a stand-in finds wrong is not told as the answer of the model that was asked for', async () => {
  const { one, two, post } = await start()
  one.script({ status: 503, body: { error: { message: 'Loading.' } }, headers: { 'retry-after': '9' } })
  two.script({ status: 401, body: { error: 'Unauthorized' } })
  const answer = await post()
  expect([answer.status, errorMessage(answer)]).toEqual([503, 'Loading.'])
  expect(answer.headers).toMatchObject({ 'x-relay-upstream': 'one', 'retry-after': '9' })
  expect(answer.headers).not.toHaveProperty('x-relay-fallback-from')
  const { relay } = JSON.parse(answer.text) as { relay: { message: string } }
  expect(relay.message).toContain('Nor could the fallbacks answer. two/n: two answered with status 401.')
})

test('without fallbacks a refusal is passed on as it is', async () => {
  const { one, post, counted } = await start({ fallbacks: {} })
  one.script({ status: 429, body: { error: { message: 'Slowly.' } }, headers: { 'retry-after': '9' } })
  const answer = await post()
  expect([answer.status, errorMessage(answer), answer.headers['retry-after']]).toEqual([429, 'Slowly.', '9'])
  expect((await post()).status).toBe(200)
  expect(await counted()).toEqual([FAILED, 'one m completed'])
})

test('a stand-in for all others takes no embeddings, whose vectors would fit to nothing', async () => {
  const { one, two, post } = await start({ fallbacks: { '*': ['two/n'] } })
  one.script({ status: 503 })
  expect((await post({ model: 'one/m', input: 'x' }, '/v1/embeddings')).status).toBe(503)
  expect(two.asked()).toEqual([])
})

test('Copilot is replaced as well, and a provider under its own address never', async () => {
  const { copilot, one, two, post } = await start({ fallbacks: { '*': ['two/n'] } })
  copilot.script({ status: 503 })
  expect((await post({ ...CHAT, model: 'gpt-4.1' })).headers['x-relay-fallback-from']).toBe('copilot/gpt-4.1')
  one.script({ status: 503 })
  expect((await post({ ...CHAT, model: 'm' }, '/providers/one/v1/chat/completions')).status).toBe(503)
  expect(two.asked()).toHaveLength(1)
})

test('a fallback that leads nowhere is pointed out at the start', async () => {
  const { logged } = await start({ fallbacks: { '*': ['tow/n'] } })
  expect(logged()).toContain('"fallback":"tow/n"')
})

test('an upstream that is a relay itself does not speak for this one', async () => {
  const { one, post } = await start()
  one.script({ text: 'x', headers: { 'x-relay-upstream': 'inner', 'x-relay-fallback-from': 'inner/x' } })
  const answer = await post({ ...CHAT, stream: true })
  expect(answer.headers['x-relay-upstream']).toBe('one')
  expect(answer.headers).not.toHaveProperty('x-relay-fallback-from')
})
