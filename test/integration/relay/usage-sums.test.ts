import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { RequestOutcome } from '../../../src/relay/usage/recorder.ts'
import { detailsSchema, summarySchema } from '../../../src/shared/protocol/usage.ts'
import { fakeAmbient } from '../../support/fake-ambient.ts'
import { BODY_SHAPES } from '../../support/make-body.ts'
import { FACTS, makeDir, send, startUsage } from '../../support/start-usage.ts'

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
