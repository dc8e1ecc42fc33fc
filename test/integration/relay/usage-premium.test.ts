import { describe, expect, it } from 'vitest'
import { detailsSchema } from '../../../src/shared/protocol/usage.ts'
import { makeDir, send, startUsage } from '../../support/start-usage.ts'

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
