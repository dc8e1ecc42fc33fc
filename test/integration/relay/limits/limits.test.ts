import { describe, expect, it, onTestFinished } from 'vitest'
import { adminRequest } from '../../../../src/node/admin-client.ts'
import { createLogger } from '../../../../src/node/log.ts'
import type { Relay } from '../../../../src/relay/relay.ts'
import { startRunningRelay } from '../../../../src/relay/server/running-relay.ts'
import { newTokenSchema } from '../../../../src/shared/protocol/clients.ts'
import { limitsOverviewSchema } from '../../../../src/shared/protocol/limits.ts'
import { detailsSchema, summarySchema } from '../../../../src/shared/protocol/usage.ts'
import { ask, CHAT, open, STREAMED_CHAT } from '../../../support/ask.ts'
import { fakeAmbient } from '../../../support/fake-ambient.ts'
import { parseMetrics } from '../../../support/parse-metrics.ts'
import { startOwnRelay } from '../../../support/start-own-relay.ts'
import { startTestRelay, type TestRelayOptions } from '../../../support/start-relay.ts'
import { until } from '../../../support/start-usage.ts'

/** A relay that can be stopped and started again over the same folder, with clients that have tokens. */
async function start(limits: unknown, more: TestRelayOptions = {}) {
  const ambient = fakeAmbient()
  const test = await startOwnRelay({ ambient, ...more, config: { limits, ...more.config } })
  let { relay, url } = test
  const lines: string[] = []
  const restart = async (): Promise<void> => {
    await relay.close(0)
    relay = await startRunningRelay(
      {
        configPath: test.configPath,
        dataDir: `${test.dir}/data`,
        listen: { host: '127.0.0.1', port: 0 },
        env: {
          GITHUB_BASE_URL: test.github.url,
          GITHUB_API_BASE_URL: test.github.url,
          OPENROUTER_BASE_URL: test.openrouter.url,
        },
      },
      { ambient, log: createLogger('relay', 'debug', { write: (line: string) => void lines.push(line) }) },
    )
    const again: Relay = relay
    onTestFinished(() => again.close(0))
    url = `http://127.0.0.1:${relay.address?.port ?? 0}`
  }
  const admin = async (method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown) =>
    (await adminRequest(relay.adminSocketPath, method, path, body)).body
  const addClient = async (name: string) => {
    const { token } = newTokenSchema.parse(await admin('POST', '/admin/clients', { name }))
    const headers = { authorization: `Bearer ${token}` }
    return {
      headers,
      chat: () => ask(`${url}/v1/chat/completions`, { body: CHAT, headers }),
      buy: () => ask(`${url}/api/v1/chat/completions`, { body: { ...CHAT, model: 'a/b' }, headers }),
      say: (path: string, body: unknown) => ask(url + path, { body, headers }),
      stream: () => open(`${url}/v1/chat/completions`, { body: STREAMED_CHAT, headers }),
      stats: async () => summarySchema.parse(JSON.parse((await ask(`${url}/stats`, { headers })).text)),
    }
  }
  const warnings = (): string[] =>
    [...test.logged().split('\n'), ...lines]
      .filter((line) => line.includes('"limitName"'))
      .map((line) => (JSON.parse(line) as { msg: string }).msg)
  const details = async () => detailsSchema.parse(await admin('GET', '/stats'))
  const overview = async () => limitsOverviewSchema.parse(await admin('GET', '/admin/limits'))
  return { ...test, ambient, restart, admin, addClient, warnings, details, overview, url: () => url }
}

/** A single answer of the stand-in costs 0.00042 USD. */
const ONE_ANSWER = { clients: { spender: { usd: 0.0004 } } }

describe('a client that has spent its month', () => {
  it('is refused before anything goes upstream, and another client never notices', async () => {
    const relay = await start(ONE_ANSWER)
    const spender = await relay.addClient('spender')
    const other = await relay.addClient('laptop')
    expect((await spender.buy()).status).toBe(200)
    const sentBefore = relay.openrouter.requests.length
    const refused = await spender.buy()
    expect(refused.status).toBe(429)
    expect(refused.headers).toMatchObject({
      'retry-after': String(9.5 * 86_400),
      'x-should-retry': 'false',
      'x-relay-error': 'limits.month-spent',
    })
    expect(JSON.parse(refused.text)).toMatchObject({
      error: {
        type: 'rate_limit_error',
        code: 'limits.month-spent',
        message: expect.stringContaining('The client spender has used 0.0004 of 0.0004 USD') as string,
      },
      relay: { recovery: 'user', remedy: expect.stringContaining('sovereign relay clients limit') as string },
    })
    expect(relay.openrouter.requests.length).toBe(sentBefore)
    for (let index = 0; index < 3; index += 1) expect((await other.buy()).status).toBe(200)
    // Copilot bills no dollars.
    expect((await spender.chat()).status).toBe(200)
  })

  it('stays refused after a restart, without a second alert, and is let in again in the next month', async () => {
    const relay = await start(ONE_ANSWER)
    const spender = await relay.addClient('spender')
    await spender.buy()
    const alerted = relay.warnings()
    expect(alerted).toEqual([
      'spender has reached 80 % of 0.0004 USD of this month',
      'spender has reached 100 % of 0.0004 USD of this month',
    ])
    await relay.restart()
    expect((await spender.buy()).status).toBe(429)
    expect((await relay.details()).limits).toMatchObject([{ client: 'spender', used: 0.000_42 }])
    await spender.chat()
    expect(relay.warnings()).toEqual(alerted)
    relay.ambient.setClock('2026-12-01T00:00:01.000Z')
    expect((await spender.buy()).status).toBe(200)
    expect((await spender.buy()).status).toBe(429)
    expect(relay.warnings()).toHaveLength(4)
  })

  it('is told so in the form of each dialect', async () => {
    const relay = await start({ relay: { requests: 0 } })
    const client = await relay.addClient('vm')
    const [chat, responses, messages] = await Promise.all(
      ['/v1/chat/completions', '/v1/responses', '/v1/messages'].map((path) => {
        const model = path === '/v1/messages' ? 'claude-sonnet-4.5' : 'gpt-5'
        return client.say(path, { ...CHAT, model, input: 'Who?', max_tokens: 10 })
      }),
    )
    for (const answer of [chat, responses, messages]) expect(answer?.status).toBe(429)
    expect(JSON.parse(chat?.text ?? '')).toMatchObject({ error: { code: 'limits.month-spent' } })
    expect(JSON.parse(responses?.text ?? '')).toMatchObject({ error: { code: 'limits.month-spent' } })
    expect(JSON.parse(messages?.text ?? '')).toMatchObject({
      type: 'error',
      error: { type: 'rate_limit_error', message: expect.stringContaining('All clients') as string },
    })
  })
})

describe('requests per minute', () => {
  it('are refused with the time to wait, and neither models nor statistics count as such', async () => {
    const relay = await start({ default: { requests_per_minute: 1 } })
    const client = await relay.addClient('vm')
    expect((await client.chat()).status).toBe(200)
    for (const path of ['/v1/models', '/api/v1/models', '/stats', '/health'])
      expect((await ask(relay.url() + path, { headers: client.headers })).status).toBe(200)
    relay.ambient.pass(15_000)
    const refused = await client.chat()
    expect(refused.status).toBe(429)
    expect(refused.headers).toMatchObject({
      'retry-after': '45',
      ratelimit: '"requests_per_minute";r=0;t=45',
      'ratelimit-policy': '"requests_per_minute";q=1;w=60',
      'x-relay-error': 'limits.rate-exceeded',
    })
    relay.ambient.pass(45_000)
    expect((await client.chat()).status).toBe(200)
    const { requests } = await relay.details()
    expect(requests).toBe(2)
  })
})

describe('concurrent requests', () => {
  it('make room as soon as their client vanishes in the middle of a stream', async () => {
    const relay = await start({ default: { concurrent: 1 } })
    const client = await relay.addClient('vm')
    relay.copilot.script({ text: 'one two three four five six seven', chunkDelayMs: 5_000 })
    const streaming = await client.stream()
    await streaming.events(1)
    const refused = await client.chat()
    expect([refused.status, refused.headers['retry-after']]).toEqual([429, '1'])
    streaming.leave()
    await until(() => relay.logged().includes('"outcome":"cancelled"'))
    expect((await client.chat()).status).toBe(200)
  })

  it('make room also when the upstream refuses or cannot be reached', async () => {
    const relay = await start({ default: { concurrent: 1 } })
    const client = await relay.addClient('vm')
    relay.copilot.script({ status: 500, body: 'broken' }, { status: 402, body: 'no quota' })
    expect([(await client.chat()).status, (await client.chat()).status]).toEqual([500, 402])
    expect((await client.chat()).status).toBe(200)
    await relay.copilot.close()
    expect((await client.chat()).status).toBe(502)
    expect((await client.chat()).status).toBe(502)
  })
})

describe('limits that are changed while the relay runs', () => {
  const limitVm = (changes: unknown, from = 'current') => ({
    of: { kind: 'client', name: 'vm' },
    ...{ from, changes },
  })

  it('hold from the next request on, are in config.json, and start with those that held before', async () => {
    const relay = await start({ default: { requests: 100, requests_per_minute: 50 }, unheard: { of: true } })
    const vm = await relay.addClient('vm')
    await vm.chat()
    await relay.admin('POST', '/admin/limits', limitVm({ requests: 1, usd: 5 }))
    expect((await vm.chat()).status).toBe(429)
    expect(await relay.readConfig()).toMatchObject({
      limits: {
        default: { requests: 100, requests_per_minute: 50 },
        clients: { vm: { requests: 1, requests_per_minute: 50, usd: 5 } },
        unheard: { of: true },
      },
    })
    await relay.restart()
    expect((await vm.chat()).status).toBe(429)
    await relay.admin('POST', '/admin/limits', limitVm({ requests: null }))
    expect((await vm.chat()).status).toBe(200)
    await relay.admin('POST', '/admin/limits', limitVm({}, 'nothing'))
    expect((await relay.overview()).clients).toEqual({ vm: {} })
    await relay.admin('POST', '/admin/limits', limitVm({}, 'default'))
    expect((await relay.overview()).clients).toEqual({})
  })

  it('are refused for clients that do not exist and for values that cannot be', async () => {
    const relay = await start({})
    const of = { kind: 'client', name: 'nobody' }
    await expect(
      relay.admin('POST', '/admin/limits', { of, from: 'current', changes: { usd: 1 } }),
    ).rejects.toMatchObject({ code: 'clients.not-found' })
    const wrong = { of: { kind: 'relay' }, from: 'current', changes: { usd: -1 } }
    await expect(relay.admin('POST', '/admin/limits', wrong)).rejects.toMatchObject({
      code: 'clients.request-invalid',
      message: expect.stringContaining('changes.usd') as string,
    })
    const client = await relay.addClient('vm')
    expect((await ask(`${relay.url()}/admin/limits`, { headers: client.headers })).status).toBe(403)
  })

  it('of a client go with its token, so that another one of its name begins with the default', async () => {
    const relay = await start({ clients: { vm: { requests: 0 } } })
    expect((await (await relay.addClient('vm')).chat()).status).toBe(429)
    await relay.admin('DELETE', '/admin/clients/vm')
    expect(await relay.readConfig()).toMatchObject({ limits: { clients: {} } })
    expect((await (await relay.addClient('vm')).chat()).status).toBe(200)
  })

  it('hold for requests with the admin token under the name admin, asked for tokens or not', async () => {
    const relay = await start({})
    const { token } = newTokenSchema.parse(await relay.admin('POST', '/admin/token'))
    const of = { kind: 'client', name: 'admin' }
    await relay.admin('POST', '/admin/limits', { of, from: 'current', changes: { requests: 1 } })
    const chat = () =>
      ask(`${relay.url()}/v1/chat/completions`, { body: CHAT, headers: { authorization: `Bearer ${token}` } })
    expect([(await chat()).status, (await chat()).status]).toEqual([200, 429])
    await relay.admin('POST', '/admin/clients/require', { required: true })
    expect((await chat()).status).toBe(429)
  })

  it('hold for clients without a token under the name unknown', async () => {
    const relay = await start({})
    const chat = () => ask(`${relay.url()}/v1/chat/completions`, { body: CHAT })
    const of = { kind: 'client', name: 'unknown' }
    await relay.admin('POST', '/admin/limits', { of, from: 'current', changes: { requests: 1 } })
    expect((await chat()).status).toBe(200)
    expect((await chat()).status).toBe(429)
  })
})

describe('statistics', () => {
  it('tell a client its own limits, an admin all of them, and Prometheus limit, use and refusals', async () => {
    const relay = await start({ default: { requests: 1 }, relay: { tokens: 1000 } })
    const vm = await relay.addClient('vm')
    const other = await relay.addClient('laptop')
    await vm.chat()
    await vm.chat()
    await other.chat()
    expect((await vm.stats()).limits).toMatchObject([
      { client: 'vm', isDefault: true, name: 'requests', limit: 1, used: 1, left: 0, state: 'spent' },
      { scope: 'relay', client: null, name: 'tokens', state: 'ok' },
    ])
    expect(JSON.stringify((await vm.stats()).limits)).not.toContain('laptop')
    expect((await relay.details()).limits.map(({ client, name }) => [client, name])).toEqual([
      [null, 'tokens'],
      ['laptop', 'requests'],
      ['vm', 'requests'],
    ])
    const token = newTokenSchema.parse(await relay.admin('POST', '/admin/token')).token
    const { text } = await ask(`${relay.url()}/metrics`, { headers: { authorization: `Bearer ${token}` } })
    const labels = { scope: 'client', client: 'vm' }
    const samples = parseMetrics(text)
    expect(samples).toContainEqual({
      name: 'sovereign_relay_limit_used',
      labels: { ...labels, limit: 'requests', unit: 'requests' },
      value: 1,
    })
    expect(samples).toContainEqual({
      name: 'sovereign_relay_limit',
      labels: { scope: 'relay', limit: 'tokens', unit: 'tokens' },
      value: 1000,
    })
    expect(samples).toContainEqual({
      name: 'sovereign_relay_limit_refusals_total',
      labels: { ...labels, code: 'limits.month-spent' },
      value: 1,
    })
  })
})

describe('a mistake in the limits of config.json', () => {
  it.each([
    ['{ "limits": { "default": { "usd": "five" } } }', 'limits.default.usd: has to be a number'],
    [
      '{ "limits": { "clients": { "vm": { "tokens": 1.5 } } } }',
      'limits.clients.vm.tokens: has to be a whole',
    ],
    ['{ "limits": { "relay": { "concurrent": 0 } } }', 'limits.relay.concurrent: has to be 1 or more'],
    ['{ "limits": { "alert_at": [2] } }', 'limits.alert_at[0]: has to be 1 or less'],
  ])('%s is named with its place', async (text, words) => {
    const config = JSON.parse(text) as Readonly<Record<string, unknown>>
    await expect(startTestRelay({ config })).rejects.toMatchObject({
      code: 'relay.config-invalid',
      message: expect.stringContaining(words) as string,
    })
  })

  it('of a key is named in the log', async () => {
    const relay = await start({ clients: { vm: { dollars: 5 } }, defaults: {} })
    expect(relay.logged()).toContain('"key":"limits.clients.vm.dollars"')
    expect(relay.logged()).toContain('"key":"limits.defaults"')
  })
})
