import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { RequestOutcome } from '../../../src/relay/usage/recorder.ts'
import { openUsage } from '../../../src/relay/usage/usage-store.ts'
import { detailsSchema, summarySchema } from '../../../src/shared/protocol/usage.ts'
import { fakeAmbient } from '../../support/fake-ambient.ts'
import { BODY_SHAPES, makeBody } from '../../support/make-body.ts'
import { FACTS, makeDir, SILENT, send, startUsage, until } from '../../support/start-usage.ts'

const LIVE_MODELS = {
  data: [
    {
      id: 'priced',
      billing: {
        multiplier: 2,
        token_prices: {
          batch_size: 1_000_000,
          default: { input_price: 300, cache_price: 30, output_price: 1500, context_max: 1000 },
          long_context: { input_price: 600, cache_price: 60, output_price: 3000 },
        },
      },
    },
    { id: 'flat', billing: { token_prices: { batch_size: 1000, input_price: '0.3', output_price: 1.5 } } },
  ],
}

describe('usage of a request', () => {
  it('is counted once when finish is called again and late bytes arrive', async () => {
    const usage = startUsage(await makeDir())
    const record = usage.recorder.begin(FACTS)
    const { contentType, text } = makeBody('chat', { input: 10, cached: 0, output: 5 })
    record.onResponse(200, { 'content-type': contentType })
    record.onBody(Buffer.from(text))
    record.finish('completed')
    record.onResponse(500, {})
    record.onBody(Buffer.from(text))
    record.finish('failed')
    const { totals, inFlight } = usage.summary()
    expect([totals.requests, totals.completed, totals.failed, inFlight]).toEqual([1, 1, 0, 0])
    expect(totals.tokens.input).toMatchObject({ value: 10, unit: 'tokens', unknown: 0, estimate: false })
  })

  it('is one record when the relay retried after a 401', async () => {
    const usage = startUsage(await makeDir())
    const record = usage.recorder.begin(FACTS)
    record.onResponse(401, { 'content-type': 'application/json' })
    record.onBody(Buffer.from('{"error":{"message":"IDE token expired"}}'))
    const { contentType, text } = makeBody('chat', { input: 10, cached: 0, output: 5 })
    record.onResponse(200, { 'content-type': contentType })
    record.onBody(Buffer.from(text))
    record.finish('completed')
    const { totals } = usage.summary()
    expect([totals.requests, totals.completed, totals.premiumRequests.value]).toEqual([1, 1, 6])
  })

  it.each(['cancelled', 'truncated', 'failed'] as const)(
    'is kept as far as it is known when %s',
    async (outcome) => {
      const usage = startUsage(await makeDir())
      send(usage, { shape: 'messages', usage: { input: 50, cached: 0, output: 9 }, outcome })
      const { totals } = usage.summary()
      expect(totals[outcome]).toBe(1)
      expect([totals.requests, totals.tokens.input.value, totals.tokens.output.value]).toEqual([1, 50, 9])
    },
  )

  it('is nothing at all for a refused request, which is counted as failed', async () => {
    const usage = startUsage(await makeDir())
    const record = usage.recorder.begin(FACTS)
    record.onResponse(402, { 'content-type': 'text/plain' })
    record.onBody(Buffer.from('You have no quota'))
    record.finish('completed')
    const { totals } = usage.summary()
    expect([totals.requests, totals.failed, totals.premiumRequests.value]).toEqual([1, 1, 0])
    expect([
      totals.premiumRequests.unknown,
      totals.tokens.input.unknown,
      totals.credits.reported.unknown,
    ]).toEqual([0, 0, 0])
  })

  it('is unknown, not zero, when an accepted answer does not tell', async () => {
    const usage = startUsage(await makeDir())
    const record = usage.recorder.begin(FACTS)
    record.onResponse(200, { 'content-type': 'text/event-stream' })
    record.finish('cancelled')
    const { totals } = usage.summary()
    expect([
      totals.tokens.input.unknown,
      totals.credits.reported.unknown,
      totals.premiumRequests.value,
    ]).toEqual([1, 1, 6])
  })

  it('costs what any upstream but Copilot reports, and nothing unknown where that one never reports any', async () => {
    const usage = startUsage(await makeDir())
    const usageWithCost = { input: 10, cached: 0, output: 5, cost: 0.25 }
    send(usage, { facts: { upstream: 'groq' }, usage: usageWithCost })
    send(usage, { facts: { upstream: 'groq' } })
    send(usage, { facts: { upstream: 'copilot' }, usage: usageWithCost })
    send(usage, { facts: { upstream: 'openrouter' } })
    expect(usage.summary().totals.cost).toMatchObject({
      value: 0.25,
      unknown: 1,
      source: 'reported by the upstream',
    })
  })

  it('turns a mid-stream error of OpenRouter into a failure', async () => {
    const usage = startUsage(await makeDir())
    const record = usage.recorder.begin({
      ...FACTS,
      upstream: 'openrouter',
      endpoint: '/api/v1/chat/completions',
    })
    record.onResponse(200, { 'content-type': 'text/event-stream' })
    record.onBody(
      Buffer.from('data: {"error":{"code":502,"message":"x"},"choices":[{"finish_reason":"error"}]}\n\n'),
    )
    record.finish('completed')
    expect(usage.summary().totals).toMatchObject({ requests: 1, completed: 0, failed: 1 })
  })

  it('does not exist for model lists and token counts', async () => {
    const usage = startUsage(await makeDir())
    for (const endpoint of ['/models', '/v1/messages/count_tokens', '/api/v1/key', '/models/x/policy']) {
      send(usage, { facts: { endpoint }, shape: 'json' })
    }
    expect(usage.summary().totals.requests).toBe(0)
  })
})

describe('premium requests and credits', () => {
  it('count only prompts of users, by the multiplier, with its source named', async () => {
    const usage = startUsage(await makeDir())
    send(usage, { facts: { model: 'claude-haiku-4.5' } })
    send(usage, { facts: { model: 'github-copilot/claude-haiku-4.5' } })
    send(usage, { facts: { model: 'claude-haiku-4.5' } })
    send(usage, { facts: { initiator: 'agent' } })
    send(usage, { facts: { endpoint: '/embeddings', model: 'text-embedding-3-small' } })
    expect(usage.summary().totals.premiumRequests).toMatchObject({
      exact: '0.99',
      value: 0.99,
      unknown: 0,
      source: 'annual plan table of 2026-06',
    })
  })

  it('are unknown for a model that no table names', async () => {
    const usage = startUsage(await makeDir())
    send(usage, { facts: { model: 'brand-new' } })
    expect(usage.summary().totals.premiumRequests).toMatchObject({ value: 0, unknown: 1 })
  })

  it('follow the live model list once it is there', async () => {
    const usage = startUsage(await makeDir())
    send(usage, { facts: { model: 'o3' } })
    usage.onModels(LIVE_MODELS)
    send(usage, { facts: { model: 'priced' } })
    expect(usage.summary().totals.premiumRequests).toMatchObject({ exact: '3', source: 'mixed' })
  })

  it('come with the list price of each model for a million tokens, and with none where no list has it', async () => {
    const usage = startUsage(await makeDir())
    usage.onModels(LIVE_MODELS)
    for (const model of ['priced', 'flat', 'brand-new']) send(usage, { facts: { model } })
    send(usage, { facts: { model: 'priced', upstream: 'openrouter' } })
    const { models } = detailsSchema.parse(usage.details())
    const facts = {
      ...{ unit: 'AI credits', perTokens: 1_000_000, source: 'live Copilot model list' },
      asOf: expect.stringMatching(/^2\d{3}-/),
    }
    expect(models.map(({ upstream, model, price }) => [upstream, model, price])).toEqual([
      ['copilot', 'priced', { ...facts, input: 300, cachedInput: 30, output: 1500 }],
      ['copilot', 'flat', { ...facts, input: 300, cachedInput: 300, output: 1500 }],
      ['copilot', 'brand-new', null],
      ['openrouter', 'priced', null],
    ])
  })

  it('come with the price of OpenRouter in dollars, by its id or its other name, and not where that is not told', async () => {
    const usage = startUsage(await makeDir())
    const pricing = { prompt: '0.00000027', completion: '0.0000004', input_cache_read: '0.000000135' }
    usage.onOpenrouterModels({
      data: [
        { id: 'deep/seek', canonical_slug: 'deep/seek-20251201', pricing },
        { id: 'other/seek', canonical_slug: 'deep/seek', pricing: { prompt: '1', completion: '1' } },
        { id: 'openrouter/auto', pricing: { prompt: '-1', completion: '-1' } },
        { id: 'free/one:free', pricing: { prompt: '0', completion: '0' } },
        { id: 'no/price' },
        'nonsense',
      ],
    })
    const asked = ['deep/seek', 'Deep/Seek-20251201', 'openrouter/auto', 'free/one:free', 'no/price']
    for (const model of asked) send(usage, { facts: { model, upstream: 'openrouter' } })
    send(usage, { facts: { model: 'deep/seek' } })
    const { models } = detailsSchema.parse(usage.details())
    const facts = {
      ...{ unit: 'USD', perTokens: 1_000_000, source: 'live OpenRouter model list' },
      asOf: expect.stringMatching(/^2\d{3}-/),
    }
    const seek = { ...facts, input: 0.27, cachedInput: 0.135, output: 0.4 }
    expect(
      Object.fromEntries(models.map(({ upstream, model, price }) => [`${upstream} ${model}`, price])),
    ).toEqual({
      'openrouter deep/seek': seek,
      'openrouter Deep/Seek-20251201': seek,
      'openrouter openrouter/auto': null,
      'openrouter free/one:free': { ...facts, input: 0, cachedInput: 0, output: 0 },
      'openrouter no/price': null,
      'copilot deep/seek': null,
    })
  })

  it('are reported by Copilot to the nano-AIU, or else estimated from live prices and said to be', async () => {
    const usage = startUsage(await makeDir())
    usage.onModels(LIVE_MODELS)
    send(usage, { usage: { input: 1, cached: 0, output: 1, nanoAiu: 123_456_789 } })
    // 80 plain and 20 cached of a million at 300 and 30, 10 at 1500.
    send(usage, { facts: { model: 'priced' }, usage: { input: 100, cached: 20, output: 10 } })
    // Above 1000 tokens the dearer prices hold: 2000 at 600, 10 at 3000.
    send(usage, { facts: { model: 'priced' }, usage: { input: 2000, cached: 0, output: 10 } })
    send(usage, { facts: { model: 'flat' }, usage: { input: 10, cached: 0, output: 10 } })
    const { credits } = usage.summary().totals
    expect(credits.reported).toMatchObject({
      exact: '0.123456789',
      estimate: false,
      source: 'reported by Copilot',
    })
    expect(credits.estimated).toMatchObject({
      exact: '1.2876',
      estimate: true,
      source: 'estimated from live Copilot prices',
    })
  })
})

describe('sums', () => {
  it('are exact over 10,000 random requests, and the same after a restart', async () => {
    const dir = await makeDir()
    const usage = startUsage(dir)
    const expected = { requests: 0, input: 0, output: 0, nano: 0n, premium: 0 }
    const outcomes: RequestOutcome[] = ['completed', 'failed', 'cancelled', 'truncated']
    const byOutcome: Record<string, number> = {}
    const request = fc.record({
      shape: fc.constantFrom(...BODY_SHAPES),
      plain: fc.nat(5000),
      cached: fc.nat(500),
      output: fc.integer({ min: 1, max: 3000 }),
      nanoAiu: fc.option(fc.nat(2_000_000_000), { nil: undefined }),
      outcome: fc.constantFrom(...outcomes),
      client: fc.constantFrom('alpha', 'beta', 'gamma'),
      initiator: fc.constantFrom('user' as const, 'agent' as const),
      status: fc.constantFrom(200, 200, 200, 429),
    })
    for (const { shape, plain, cached, output, nanoAiu, outcome, client, initiator, status } of fc.sample(
      request,
      { numRuns: 10_000, seed: 42 },
    )) {
      const refused = status !== 200
      const facts = { client, initiator, model: 'claude-haiku-4.5' }
      if (refused) {
        const record = usage.recorder.begin({ ...FACTS, ...facts })
        record.onResponse(status, { 'content-type': 'text/plain' })
        record.finish(outcome)
      } else {
        send(usage, {
          facts,
          shape,
          outcome,
          usage: { input: plain + cached, cached, output, ...(nanoAiu === undefined ? {} : { nanoAiu }) },
        })
        expected.input += plain + cached
        expected.output += output
        expected.nano += BigInt(nanoAiu ?? 0)
        if (initiator === 'user') expected.premium += 33
      }
      expected.requests += 1
      const counted = refused && outcome === 'completed' ? 'failed' : outcome
      byOutcome[counted] = (byOutcome[counted] ?? 0) + 1
    }
    const before = usage.details()
    expect(before.totals).toMatchObject({ requests: 10_000, ...byOutcome })
    expect(before.totals.tokens.input.value).toBe(expected.input)
    expect(before.totals.tokens.output.value).toBe(expected.output)
    expect(BigInt(Math.round(before.totals.credits.reported.value * 1e9))).toBe(expected.nano)
    expect(before.totals.premiumRequests.exact).toBe((expected.premium / 100).toString())
    expect(before.clients.reduce((sum, client) => sum + client.requests, 0)).toBe(10_000)
    usage.close()
    const after = startUsage(dir).details()
    expect({ ...after, uptime: 0 }).toEqual({ ...before, uptime: 0, storage: after.storage })
    expect(after.storage).toEqual({ state: 'ok', notice: null, unsaved: 0, dropped: 0 })
  })

  it('keep two clients apart', async () => {
    const usage = startUsage(await makeDir())
    send(usage, { facts: { client: 'laptop' } })
    send(usage, { facts: { client: 'laptop' } })
    send(usage, { facts: { client: 'server' } })
    expect(usage.details().clients.map(({ client, requests }) => [client, requests])).toEqual([
      ['laptop', 2],
      ['server', 1],
    ])
  })

  it('begin again with the UTC month, and the old month can still be asked for', async () => {
    const ambient = fakeAmbient('2026-11-30T23:59:59.000Z')
    const usage = startUsage(await makeDir(), ambient)
    const late = usage.recorder.begin(FACTS)
    ambient.pass(2000)
    late.finish('cancelled')
    expect(usage.summary()).toMatchObject({
      month: '2026-12',
      requests: 0,
      resetsAt: '2027-01-01T00:00:00.000Z',
    })
    expect(usage.details('2026-11')).toMatchObject({ requests: 1, days: [{ day: '2026-11-30' }] })
  })

  it('lose and repeat nothing when the clock jumps an hour back over midnight and forth', async () => {
    const dir = await makeDir()
    const ambient = fakeAmbient('2026-12-01T00:10:00.000Z')
    const usage = startUsage(dir, ambient)
    send(usage)
    ambient.setClock('2026-11-30T23:10:00.000Z')
    send(usage)
    const long = usage.recorder.begin(FACTS)
    ambient.setClock('2026-12-01T00:20:00.000Z')
    long.finish('completed')
    send(usage)
    usage.close()
    const again = startUsage(dir, ambient)
    expect([again.details('2026-11').requests, again.details('2026-12').requests]).toEqual([2, 2])
  })

  it('fold model names that nobody confirmed, so that a client cannot fill memory or metrics', async () => {
    const usage = startUsage(await makeDir())
    for (let index = 0; index < 500; index += 1) {
      send(usage, { facts: { model: `made-up-${index}` }, status: 400 })
      send(usage, { facts: { model: `accepted-${index}` } })
    }
    const { models, totals } = usage.details()
    expect(models.length).toBeLessThanOrEqual(201)
    expect(models.find(({ model }) => model === 'other')?.requests).toBe(801)
    expect(totals.requests).toBe(1000)
  })

  it('have the published shape', async () => {
    const usage = startUsage(await makeDir())
    send(usage)
    expect(detailsSchema.strict().safeParse(usage.details()).error).toBeUndefined()
    expect(summarySchema.strict().safeParse(usage.summary()).error).toBeUndefined()
  })
})

describe('usage database', () => {
  it('belongs to its owner alone', async () => {
    const dir = await makeDir()
    const usage = startUsage(dir)
    send(usage)
    await until(() => usage.summary().storage.unsaved === 0)
    for (const file of ['usage.db', 'usage.db-wal'])
      expect(statSync(join(dir, file)).mode & 0o777).toBe(0o600)
  })

  it('shows a request that was under way when the relay was killed as lost, and only once', async () => {
    const dir = await makeDir()
    // Never closed: this run "dies" with one request open.
    const killed = openUsage({ dir, ambient: fakeAmbient(), log: SILENT })
    send(killed)
    killed.recorder.begin(FACTS)
    const reader = new DatabaseSync(join(dir, 'usage.db'), { readOnly: true })
    await until(() => reader.prepare("SELECT 1 FROM requests WHERE outcome = 'open'").get() !== undefined)
    reader.close()
    const second = startUsage(dir)
    expect(second.summary().totals).toMatchObject({
      requests: 2,
      completed: 1,
      lost: 1,
      tokens: { input: { unknown: 1 } },
    })
    expect(second.summary().storage.notice).toContain('under way')
    second.close()
    expect(startUsage(dir).summary().totals).toMatchObject({ requests: 2, lost: 1 })
    killed.close()
  })

  it('is moved aside when damaged, and a new one begins, in words', async () => {
    const dir = await makeDir()
    writeFileSync(join(dir, 'usage.db'), 'this is no database, '.repeat(1000))
    const usage = startUsage(dir)
    send(usage)
    const { storage, requests } = usage.summary()
    expect([storage.state, requests]).toEqual(['ok', 1])
    expect(storage.notice).toContain('usage.db.corrupt-2026-11-21')
    usage.close()
    expect(startUsage(dir).summary().requests).toBe(1)
  })

  it('of a newer version is left alone, and sums live in memory', async () => {
    const dir = await makeDir()
    const newer = new DatabaseSync(join(dir, 'usage.db'))
    newer.exec('PRAGMA user_version = 99')
    newer.close()
    const usage = startUsage(dir)
    send(usage)
    expect(usage.summary()).toMatchObject({ requests: 1, storage: { state: 'memory', unsaved: 1 } })
    expect(usage.summary().storage.notice).toContain('newer version')
  })

  it('that cannot be opened is tried again, and nothing counted meanwhile is lost', async () => {
    const dir = await makeDir()
    const earlier = startUsage(dir)
    send(earlier)
    earlier.close()
    const database = new DatabaseSync(join(dir, 'usage.db'))
    const version = Number(database.prepare('PRAGMA user_version').get()?.user_version)
    database.exec('PRAGMA user_version = 99')
    const usage = startUsage(dir)
    send(usage)
    database.exec(`PRAGMA user_version = ${version}`)
    database.close()
    await until(() => usage.summary().storage.state === 'ok')
    expect(usage.summary()).toMatchObject({ requests: 2, storage: { notice: null } })
    usage.close()
    expect(startUsage(dir).summary().requests).toBe(2)
  })

  it('held by another program makes rows wait', async () => {
    const dir = await makeDir()
    const usage = startUsage(dir)
    const other = new DatabaseSync(join(dir, 'usage.db'))
    other.exec('BEGIN IMMEDIATE')
    send(usage)
    await until(() => usage.summary().storage.state === 'behind')
    expect(usage.summary().storage.notice).toContain('another program')
    other.exec('COMMIT')
    other.close()
    await until(() => usage.summary().storage.unsaved === 0)
    expect(usage.summary().storage).toEqual({ state: 'ok', notice: null, unsaved: 0, dropped: 0 })
  })
})
