import { describe, expect, it } from 'vitest'
import { newTokenSchema } from '../../../../src/shared/protocol/clients.ts'
import { ask, CHAT } from '../../../support/ask.ts'
import { parseMetrics } from '../../../support/parse-metrics.ts'
import { startLimitedRelay } from '../../../support/start-limited-relay.ts'
import { until } from '../../../support/start-usage.ts'

/** A single answer of the stand-in costs 0.00042 USD. */
const ONE_ANSWER = { clients: { spender: { usd: 0.0004 } } }

describe('a client that has spent its month', () => {
  it('is refused before anything goes upstream, and another client never notices', async () => {
    const relay = await startLimitedRelay(ONE_ANSWER)
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
    const relay = await startLimitedRelay(ONE_ANSWER)
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
    const relay = await startLimitedRelay({ relay: { requests: 0 } })
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
    const relay = await startLimitedRelay({ default: { requests_per_minute: 1 } })
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
    const relay = await startLimitedRelay({ default: { concurrent: 1 } })
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
    const relay = await startLimitedRelay({ default: { concurrent: 1 } })
    const client = await relay.addClient('vm')
    relay.copilot.script({ status: 500, body: 'broken' }, { status: 402, body: 'no quota' })
    expect([(await client.chat()).status, (await client.chat()).status]).toEqual([500, 402])
    expect((await client.chat()).status).toBe(200)
    await relay.copilot.close()
    expect((await client.chat()).status).toBe(502)
    expect((await client.chat()).status).toBe(502)
  })
})

describe('statistics', () => {
  it('tell a client its own limits, an admin all of them, and Prometheus limit, use and refusals', async () => {
    const relay = await startLimitedRelay({ default: { requests: 1 }, relay: { tokens: 1000 } })
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
