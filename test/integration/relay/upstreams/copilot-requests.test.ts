import { describe, expect, test } from 'vitest'
import { startOwnRelay } from '../../../support/start-own-relay.ts'
import type { TestRelay, TestRelayOptions } from '../../../support/start-relay.ts'

async function start(options: TestRelayOptions = {}): Promise<TestRelay> {
  const relay = await startOwnRelay(options)
  await fetch(`${relay.url}/v1/models`)
  return relay
}

const CHAT = { model: 'gpt-4.1', messages: [{ role: 'user', content: 'hi' }] }

function post(
  to: TestRelay,
  path: string,
  body: object,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(`${to.url}${path}`, { method: 'POST', body: JSON.stringify(body), headers })
}

test('the body arrives upstream exactly as the client wrote it', async () => {
  const to = await start()
  const body =
    '{ "model":"gpt-4.1",\n "messages":[{"role":"user","content":"h\\u0069"}], "n_future": 1.50, "big":12345678901234567890 }'
  await fetch(`${to.url}/v1/chat/completions?x=1`, { method: 'POST', body })
  const sent = to.copilot.requests.at(-1)
  expect(sent?.body.toString()).toBe(body)
  expect(sent?.target).toBe('/chat/completions?x=1')
})

test('credentials, cookies and what the client marks for the next hop stay here', async () => {
  const to = await start()
  await post(to, '/v1/chat/completions', CHAT, {
    authorization: 'Bearer foreign-credential',
    'x-api-key': 'foreign-credential',
    cookie: 'session=foreign-credential',
    'proxy-authorization': 'Basic foreign-credential',
    'x-forwarded-for': '10.0.0.1',
  })
  const sent = to.copilot.requests.at(-1)
  expect(JSON.stringify(sent?.rawHeaders)).not.toMatch(/foreign-credential|10\.0\.0\.1/)
  expect(sent?.headers.authorization).toMatch(/^Bearer tid=/)
})

test('the Messages API keeps its prefix and its beta headers', async () => {
  const to = await start()
  const headers = { 'anthropic-beta': 'interleaved-thinking-2025-05-14', 'anthropic-version': '2023-06-01' }
  await post(to, '/v1/messages?beta=true', { ...CHAT, model: 'claude-opus-5', max_tokens: 1 }, headers)
  const sent = to.copilot.requests.at(-1)
  expect(sent?.target).toBe('/v1/messages?beta=true')
  expect(sent?.headers).toMatchObject(headers)
})

test('embeddings pass, and paths without /v1 do too', async () => {
  const to = await start()
  const reply = await post(to, '/v1/embeddings', { model: 'text-embedding-3-small', input: ['a', 'b'] })
  expect(((await reply.json()) as { data: unknown[] }).data).toHaveLength(2)
  expect((await post(to, '/chat/completions', CHAT)).status).toBe(200)
})

test('who started the call and whether there is an image is said upstream', async () => {
  const to = await start()
  const image = { role: 'user', content: [{ type: 'image_url', image_url: { url: 'data:,' } }] }
  await post(to, '/v1/chat/completions', { ...CHAT, messages: [image] })
  expect(to.copilot.requests.at(-1)?.headers).toMatchObject({
    'x-initiator': 'user',
    'copilot-vision-request': 'true',
  })
  await post(to, '/v1/chat/completions', {
    ...CHAT,
    messages: [...CHAT.messages, { role: 'tool', content: 'x' }],
  })
  expect(to.copilot.requests.at(-1)?.headers['x-initiator']).toBe('agent')
})

test('the honest identity names itself and borrows nothing', async () => {
  const to = await start({ identity: 'own' })
  await post(to, '/v1/chat/completions', CHAT)
  const headers = to.copilot.requests.at(-1)?.headers
  expect(headers?.['user-agent']).toMatch(/^SovereignBridge\//)
  expect(headers).not.toHaveProperty('copilot-integration-id')
  expect(headers?.authorization).toBe(`Bearer ${to.github.oauthToken}`)
  expect(to.github.requests.some(({ path }) => path === '/copilot_internal/v2/token')).toBe(false)
})

describe('models', () => {
  test('are listed in a form that OpenAI and Anthropic clients read, without those that are switched off', async () => {
    const to = await start()
    const { data } = (await (await fetch(`${to.url}/v1/models?limit=1000`)).json()) as {
      data: { id: string }[]
    }
    expect(data.map(({ id }) => id)).toContain('gpt-4.1')
    expect(data.map(({ id }) => id)).not.toContain('grok-code-fast-1')
    expect(data[0]).toMatchObject({ object: 'model', display_name: 'gpt-5-mini', context_length: 128_000 })
  })

  test('are asked for once while the list is fresh', async () => {
    const to = await start()
    await Promise.all(Array.from({ length: 20 }, () => fetch(`${to.url}/v1/models`)))
    expect(to.copilot.requests.filter(({ path }) => path === '/models')).toHaveLength(1)
  })

  test('called on an endpoint they do not have are refused with the one that they do', async () => {
    const to = await start()
    const before = to.copilot.requests.length
    const reply = await post(to, '/v1/chat/completions', { ...CHAT, model: 'gpt-5.3-codex' })
    expect(reply.status).toBe(400)
    expect(await reply.text()).toContain('/v1/responses')
    expect(to.copilot.requests).toHaveLength(before)
  })
})

describe('refusals of Copilot reach the client with status, words and an explanation', () => {
  const quota = { error: { message: 'You have no quota', code: 'quota_exceeded' } }
  test.each([
    [402, quota, 'You have no quota', 'upstream.quota-exceeded'],
    [
      403,
      'access to this endpoint is forbidden\n',
      'access to this endpoint is forbidden',
      'upstream.forbidden',
    ],
    [422, { error: { message: 'filtered' } }, 'filtered', 'upstream.content-filtered'],
    [424, 'failed dependency', 'failed dependency', 'upstream.dependency-failed'],
    [429, { error: { message: 'slow', code: 'user_weekly_rate_limited' } }, 'slow', 'upstream.rate-limited'],
    [466, 'client version not supported', 'client version not supported', 'upstream.client-outdated'],
    [499, 'cancelled', 'cancelled', 'upstream.cancelled'],
    [500, 'internal error', 'internal error', 'upstream.overloaded'],
    [503, { error: { message: 'busy' } }, 'busy', 'upstream.overloaded'],
    [
      400,
      'The requested model is not supported.',
      'The requested model is not supported.',
      'upstream.rejected',
    ],
  ])('%s', async (status, body, words, code) => {
    const to = await start()
    to.copilot.script({ status, body, headers: { 'retry-after': '17' } })
    const reply = await post(to, '/v1/chat/completions', CHAT)
    expect([reply.status, reply.headers.get('retry-after'), reply.headers.get('x-relay-error')]).toEqual([
      status,
      '17',
      code,
    ])
    expect(await reply.json()).toMatchObject({
      error: { message: words, type: expect.any(String) as string },
      relay: { code, remedy: expect.any(String) as string },
    })
  })

  test('in the form that Anthropic clients read on the Messages API', async () => {
    const to = await start()
    to.copilot.script({ status: 429, body: 'too many requests' })
    const reply = await post(to, '/v1/messages', { ...CHAT, model: 'claude-opus-5' })
    expect(await reply.json()).toMatchObject({
      type: 'error',
      error: { type: 'rate_limit_error', message: 'too many requests' },
    })
  })
})

test('an upstream that is not there gets 502 with its name', async () => {
  const to = await start({ env: { COPILOT_API_BASE_URL: 'http://127.0.0.1:1' } })
  const reply = await post(to, '/v1/chat/completions', CHAT)
  expect(reply.status).toBe(502)
  expect(await reply.text()).toMatch(/Copilot.*127\.0\.0\.1:1.*ECONNREFUSED/)
})

test('every request is counted once, however it ended', async () => {
  const to = await start()
  await post(to, '/v1/chat/completions', CHAT)
  to.copilot.script({ status: 500, body: 'x' })
  await post(to, '/v1/chat/completions', CHAT)
  to.copilot.script({ text: 'a b c d e', end: 'truncate' })
  await (await post(to, '/v1/chat/completions', { ...CHAT, stream: true })).text()
  const stats = (await (await fetch(`${to.url}/stats`)).json()) as { totals: object }
  expect(stats.totals).toMatchObject({ requests: 3, completed: 1, failed: 1, truncated: 1, cancelled: 0 })
})
