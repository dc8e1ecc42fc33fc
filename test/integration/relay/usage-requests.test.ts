import { describe, expect, it } from 'vitest'
import { makeBody } from '../../support/make-body.ts'
import { FACTS, makeDir, send, startUsage } from '../../support/start-usage.ts'

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
