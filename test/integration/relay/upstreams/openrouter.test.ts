import { expect, test } from 'vitest'
import { adminRequest } from '../../../../src/node/admin-client.ts'
import { detailsSchema } from '../../../../src/shared/protocol/usage.ts'
import { startOwnRelay } from '../../../support/start-own-relay.ts'
import { OPENROUTER_KEY, type TestRelay } from '../../../support/start-relay.ts'
import { NO_ZDR_404, NO_ZDR_503 } from '../../../support/upstreams/fake-openrouter.ts'

const CHAT = { model: 'deepseek/deepseek-v3.2', messages: [{ role: 'user', content: 'hi' }] }

function post(to: TestRelay, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return fetch(`${to.url}/api/v1/chat/completions`, { method: 'POST', body: text, headers })
}

test('every kind of request arrives with zero data retention', async () => {
  const to = await startOwnRelay()
  await (await post(to, { ...CHAT, stream: true, provider: { zdr: false, order: ['X'] } })).text()
  for (const path of ['completions', 'responses', 'messages', 'embeddings'])
    await (await fetch(`${to.url}/api/v1/${path}`, { method: 'POST', body: JSON.stringify(CHAT) })).text()
  expect(to.openrouter.requests).toHaveLength(5)
  expect(to.openrouter.violations).toEqual([])
  expect(to.openrouter.requests[0]?.json).toMatchObject({ provider: { zdr: true, order: ['X'] } })
})

test.each([
  ['no JSON', 'hello'],
  ['a web search', { ...CHAT, model: `${CHAT.model}:online` }],
  ['a plugin', { ...CHAT, plugins: [{ id: 'web' }] }],
])('%s never reaches OpenRouter', async (_name, body) => {
  const to = await startOwnRelay()
  expect((await post(to, body)).status).toBe(400)
  expect(to.openrouter.requests).toHaveLength(0)
})

test('attribution and key are ours, and control headers of the client stay here', async () => {
  const to = await startOwnRelay({ config: { site_url: 'https://me.example', site_name: 'Mine' } })
  await post(to, CHAT, {
    authorization: 'Bearer foreign',
    'http-referer': 'https://other.example',
    'x-openrouter-experimental': 'foreign',
    cookie: 'a=foreign',
  })
  const sent = to.openrouter.requests[0]
  expect(sent?.headers).toMatchObject({
    authorization: `Bearer ${OPENROUTER_KEY}`,
    'http-referer': 'https://me.example',
    'x-openrouter-title': 'Mine',
  })
  expect(JSON.stringify(sent?.rawHeaders)).not.toMatch(/foreign|other\.example/)
})

test.each([[NO_ZDR_404], [NO_ZDR_503]])(
  '"no endpoint" is explained, whichever status it has',
  async (reply) => {
    const to = await startOwnRelay()
    to.openrouter.script(reply)
    const answer = await post(to, CHAT)
    expect([answer.status, answer.headers.get('x-relay-error')]).toEqual([
      reply.status,
      'relay.no-zdr-endpoint',
    ])
    expect(await answer.json()).toMatchObject({
      relay: { remedy: expect.stringContaining('openrouter.ai/settings/privacy') as string },
    })
  },
)

test('comments pass unchanged', async () => {
  const to = await startOwnRelay()
  to.openrouter.script({ comments: 2, text: 'hi' })
  const text = await (await post(to, { ...CHAT, stream: true })).text()
  expect(text.startsWith(': OPENROUTER PROCESSING\n\n: OPENROUTER PROCESSING\n\ndata: ')).toBe(true)
})

test('an error in the middle of a stream passes and is counted as a failure', async () => {
  const to = await startOwnRelay()
  to.openrouter.script({ text: 'a b c d e', end: 'error' })
  const text = await (await post(to, { ...CHAT, stream: true })).text()
  expect(text).toContain('provider_unavailable')
  expect(text).not.toContain('relay.')
  const stats = (await (await fetch(`${to.url}/stats`)).json()) as { totals: object }
  expect(stats.totals).toMatchObject({ requests: 1, failed: 1 })
})

test('what tells about the key is for the owner only', async () => {
  const to = await startOwnRelay()
  expect((await fetch(`${to.url}/api/v1/key`)).status).toBe(403)
  const { body } = await adminRequest(to.relay.adminSocketPath, 'GET', '/api/v1/key')
  expect(body).toHaveProperty('data.limit_remaining', 9.5)
})

test.each([
  ['/api/v1/models/%2e%2e/key'],
  ['/api/v1/models/%2e%2e%2fkey'],
  ['/api/v1//key'],
  ['/api/v1/keys'],
])('the path %s leads nowhere', async (path) => {
  const to = await startOwnRelay()
  expect((await fetch(`${to.url}${path}`)).status).toBe(403)
  expect(to.openrouter.requests).toHaveLength(0)
})

test('a placeholder is no key', async () => {
  const to = await startOwnRelay({ config: { openrouter_api_key: 'sk-or-v1-your-api-key-here' } })
  const reply = await post(to, CHAT)
  expect([reply.status, reply.headers.get('x-relay-error')]).toEqual([401, 'relay.key-placeholder'])
  expect(to.openrouter.requests).toHaveLength(0)
})

test('usage tells what its model costs in dollars, from a list that is asked for when somebody looks', async () => {
  const to = await startOwnRelay()
  await (await post(to, CHAT)).text()
  const lists = (): number => to.openrouter.requests.filter(({ path }) => path === '/api/v1/models').length
  expect(lists()).toBe(0)
  const price = async (): Promise<unknown> => {
    const { models } = detailsSchema.parse(
      (await adminRequest(to.relay.adminSocketPath, 'GET', '/stats')).body,
    )
    return models.find(({ upstream, model }) => upstream === 'openrouter' && model === CHAT.model)?.price
  }
  await expect.poll(price).toEqual({
    ...{ input: 0.27, cachedInput: 0.27, output: 0.4, unit: 'USD', perTokens: 1_000_000 },
    source: 'live OpenRouter model list',
    asOf: expect.any(String),
  })
  await price()
  expect(lists()).toBe(1)
})
