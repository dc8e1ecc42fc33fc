import { describe, expect, it } from 'vitest'
import { createLogger } from '../../../../src/node/log.ts'
import { LimitKeeper } from '../../../../src/relay/limits/limit-keeper.ts'
import type { Ledger } from '../../../../src/relay/usage/ledger.ts'
import type { RequestFacts } from '../../../../src/relay/usage/recorder.ts'
import { addTotals, emptyTotals, type Totals } from '../../../../src/relay/usage/totals.ts'
import { utcMonth } from '../../../../src/relay/usage/usage-row.ts'
import type { LimitsConfig } from '../../../../src/shared/protocol/limits.ts'
import { type LimitName, limitStateSchema } from '../../../../src/shared/protocol/usage.ts'
import { type FakeAmbient, fakeAmbient } from '../../../support/fake-ambient.ts'
import { FACTS } from '../../../support/start-usage.ts'

/** Sums by month and client that a test writes by hand, and notes that outlive a keeper. */
function fakeLedger(ambient: FakeAmbient) {
  const months = new Map<string, Map<string | undefined, Totals>>()
  const notes = new Map<string, string>()
  const month = () => {
    const name = utcMonth(ambient.now())
    const sums = months.get(name) ?? new Map<string | undefined, Totals>()
    months.set(name, sums)
    return sums
  }
  const ledger: Ledger = {
    sums: (client) => month().get(client) ?? emptyTotals(),
    clients: () => [...month().keys()].filter((name) => name !== undefined),
    readNote: (key) => notes.get(key),
    saveNote: (key, value) => void notes.set(key, value),
  }
  const spend = (client: string, more: Partial<Totals>): void => {
    for (const holder of [client, undefined]) {
      const sum = month().get(holder) ?? emptyTotals()
      addTotals(sum, { ...emptyTotals(), lastAt: ambient.now(), ...more })
      month().set(holder, sum)
    }
  }
  return { ledger, spend }
}

function start(config: LimitsConfig, ambient = fakeAmbient(), books = fakeLedger(ambient)) {
  const lines: { level: number; msg: string; [key: string]: unknown }[] = []
  const log = createLogger('relay', 'info', { write: (line: string) => void lines.push(JSON.parse(line)) })
  const keeper = new LimitKeeper({
    ...{ ambient, log, ledger: books.ledger, config },
    clientNames: () => ['vm', 'laptop'],
  })
  const admit = (client: string, facts: Partial<RequestFacts> = {}) =>
    keeper.admit({ ...FACTS, client, ...facts })
  const state = (client: string | null, name: LimitName) =>
    keeper.all().find((found) => found.client === client && found.name === name)
  return { keeper, admit, state, lines, ambient, books, spend: books.spend }
}

const USD = 1_000_000_000_000n
const OPENROUTER = { upstream: 'openrouter', model: 'a/b' } as const

function refusalOf(attempt: () => unknown): unknown {
  try {
    attempt()
  } catch (error) {
    return error
  }
  return undefined
}

describe('requests per minute', () => {
  it('are refused beyond the limit until the first of them is a minute old', () => {
    const { admit, ambient } = start({ default: { requests_per_minute: 2 } })
    admit('vm')
    ambient.pass(20_000)
    admit('vm')
    expect(refusalOf(() => admit('vm'))).toMatchObject({
      code: 'limits.rate-exceeded',
      recovery: 'automatic',
      message:
        'The client vm has sent 2 requests within a minute, which is the limit; the next is let in after 40 s.',
      remedy: expect.stringContaining('sovereign relay clients limit vm --requests-per-minute') as string,
      headers: {
        'retry-after': '40',
        ratelimit: '"requests_per_minute";r=0;t=40',
        'ratelimit-policy': '"requests_per_minute";q=2;w=60',
      },
    })
    ambient.pass(40_000)
    admit('vm')
  })

  it('are not counted where they were refused, and not moved by somebody who sets the clock', () => {
    const { admit, ambient } = start({ default: { requests_per_minute: 1 } })
    admit('vm')
    for (let index = 0; index < 10; index += 1) expect(() => admit('vm')).toThrow('within a minute')
    ambient.setClock('2026-11-21T18:00:00.000Z')
    expect(() => admit('vm')).toThrow('within a minute')
    ambient.pass(60_000)
    admit('vm')
  })

  it('of one client take nothing from another; the limit of the relay takes from all', () => {
    const { admit } = start({ default: { requests_per_minute: 2 }, relay: { requests_per_minute: 3 } })
    admit('vm')
    admit('vm')
    expect(() => admit('vm')).toThrow('The client vm')
    admit('laptop')
    expect(() => admit('laptop')).toThrow('All clients together have sent 3 requests')
  })
})

describe('concurrent requests', () => {
  it('are let in again when one has ended', () => {
    const { admit, state } = start({ clients: { vm: { concurrent: 1 } } })
    const leave = admit('vm')
    expect(refusalOf(() => admit('vm'))).toMatchObject({
      code: 'limits.concurrency-exceeded',
      message: 'The client vm has 1 request under way, which is the limit.',
      headers: { 'retry-after': '1' },
    })
    admit('laptop')
    expect(state('vm', 'concurrent')).toMatchObject({ used: 1, left: 0, state: 'spent', period: 'moment' })
    leave()
    expect(state('vm', 'concurrent')).toMatchObject({ used: 0, left: 1, state: 'ok', resetsAt: null })
    admit('vm')
  })

  it('are those under way also where the limit came while they were', () => {
    const { admit, keeper } = start({})
    const leave = admit('vm')
    keeper.apply({ default: { concurrent: 1 } })
    expect(() => admit('vm')).toThrow('under way')
    leave()
    admit('vm')
  })
})

describe('a monthly limit', () => {
  it('lets requests in while less than the limit is known to be used, and says when it starts again', () => {
    const { admit, spend, ambient } = start({ clients: { vm: { usd: 5 } } })
    spend('vm', { costPico: 5n * USD - 1n })
    admit('vm', OPENROUTER)()
    spend('vm', { costPico: 120_000_000_000n })
    expect(refusalOf(() => admit('vm', OPENROUTER))).toMatchObject({
      code: 'limits.month-spent',
      recovery: 'user',
      message:
        'The client vm has used 5.12 of 5 USD this month. The sum starts again at zero on 2026-12-01 00:00 UTC.',
      remedy: expect.stringContaining('sovereign relay clients limit vm --usd') as string,
      headers: {
        'retry-after': String(9.5 * 86_400),
        ratelimit: `"usd_per_month";r=0;t=${9.5 * 86_400}`,
        'x-should-retry': 'false',
      },
    })
    ambient.setClock('2026-12-01T00:00:00.000Z')
    admit('vm', OPENROUTER)
  })

  it.each([
    ['usd', { costPico: USD }, { upstream: 'copilot' }],
    ['usd', { costPico: USD }, { upstream: 'ollama' }],
    ['ai_credits', { creditsReportedNano: 1_000_000_000n }, OPENROUTER],
    ['premium_requests', { premiumMicro: 1_000_000n }, OPENROUTER],
    ['premium_requests', { premiumMicro: 1_000_000n }, { initiator: 'agent' }],
    ['premium_requests', { premiumMicro: 1_000_000n }, { endpoint: '/embeddings' }],
  ] as const)('of %s that is spent leaves alone what uses none of it', (name, spent, facts) => {
    const { admit, spend } = start({ default: { [name]: 1 } })
    spend('vm', spent)
    expect(admit('vm', facts)).toBeTypeOf('function')
  })

  it.each([
    ['usd', { costPico: USD }, OPENROUTER],
    ['ai_credits', { creditsReportedNano: 400_000_000n, creditsEstimatedNano: 600_000_000n }, {}],
    ['premium_requests', { premiumMicro: 1_000_000n }, {}],
    ['requests', { requests: 1 }, {}],
    ['tokens', { input: 1, cachedInput: 1 }, {}],
  ] as const)('of %s that is spent stops what would use more', (name, spent, facts) => {
    const { admit, spend } = start({ default: { [name]: 1 } })
    admit('vm', facts)()
    spend('vm', spent)
    expect(refusalOf(() => admit('vm', facts))).toMatchObject({ code: 'limits.month-spent' })
    expect(admit('laptop', facts)).toBeTypeOf('function')
  })

  it('of requests is exact also while they are under way', () => {
    const { admit } = start({ default: { requests: 2 } })
    admit('vm')
    admit('vm')
    expect(() => admit('vm')).toThrow('used 2 of 2 requests')
  })

  it('of zero lets nothing through', () => {
    const { admit } = start({ clients: { vm: { usd: 0 } } })
    expect(() => admit('vm', OPENROUTER)).toThrow('used 0 of 0 USD')
    admit('vm')
  })

  it('of the relay is spent by all clients together', () => {
    const { admit, spend } = start({ relay: { usd: 5 } })
    spend('vm', { costPico: 2n * USD })
    spend('laptop', { costPico: 3n * USD })
    expect(refusalOf(() => admit('third', OPENROUTER))).toMatchObject({
      message: expect.stringContaining('All clients together have used 5 of 5 USD') as string,
      remedy: expect.stringContaining('sovereign relay limits relay --usd') as string,
    })
  })

  it('of a client stands in place of the default, for better or worse', () => {
    const { admit, spend } = start({ default: { requests: 1 }, clients: { vm: {}, laptop: { requests: 3 } } })
    for (const client of ['vm', 'laptop', 'unknown']) spend(client, { requests: 2 })
    admit('vm')
    admit('laptop')
    expect(() => admit('unknown')).toThrow('The clients without a token have used 2 of 1 requests')
  })
})

describe('what is told about limits', () => {
  it('has unit, source and age, and what is not known', () => {
    const { keeper, spend, ambient } = start({ clients: { vm: { usd: 5, tokens: 10 } } })
    spend('vm', { costPico: 4n * USD, costUnknown: 2, input: 3, output: 2 })
    const states = keeper.all()
    expect(states.map((state) => limitStateSchema.strict().parse(state))).toEqual(states)
    expect(states).toMatchObject([
      {
        ...{ scope: 'client', client: 'vm', isDefault: false, name: 'usd', unit: 'USD', period: 'month' },
        ...{ limit: 5, used: 4, left: 1, share: 0.8, state: 'near', unknown: 2, estimate: false },
        source: 'reported by the upstream',
        asOf: new Date(ambient.now()).toISOString(),
        resetsAt: '2026-12-01T00:00:00.000Z',
      },
      { name: 'tokens', used: 5, left: 5, state: 'ok', source: 'reported by the upstream' },
    ])
  })

  it('tells a client of its own limits and of those of the relay', () => {
    const { keeper } = start({
      default: { requests: 1 },
      relay: { requests: 9 },
      clients: { vm: { usd: 1 } },
    })
    expect(keeper.of('vm').map(({ client, name }) => [client, name])).toEqual([
      ['vm', 'usd'],
      [null, 'requests'],
    ])
  })
})

describe('alerts', () => {
  const alerts = ({ lines }: Pick<ReturnType<typeof start>, 'lines'>) =>
    lines.filter(({ level }) => level === 40).map(({ msg }) => msg)

  it('come once for each share, however many requests follow', () => {
    const started = start({ clients: { vm: { usd: 10 } } })
    const { admit, spend } = started
    spend('vm', { costPico: 7n * USD })
    admit('vm')()
    expect(alerts(started)).toEqual([])
    spend('vm', { costPico: USD })
    for (let index = 0; index < 5; index += 1) admit('vm')()
    expect(alerts(started)).toEqual(['vm has reached 80 % of 10 USD of this month'])
    expect(started.lines.find(({ level }) => level === 40)).toMatchObject({
      ...{ scope: 'client', client: 'vm', limitName: 'usd', unit: 'USD', limit: 10, used: 8, alertAt: 0.8 },
      resetsAt: '2026-12-01T00:00:00.000Z',
    })
    spend('vm', { costPico: 3n * USD })
    admit('vm')()
    expect(alerts(started)).toEqual([
      'vm has reached 80 % of 10 USD of this month',
      'vm has reached 100 % of 10 USD of this month',
    ])
  })

  it('do not come again after a restart, but do in the next month', () => {
    const first = start({ relay: { requests: 4 }, alert_at: [0.5] })
    first.spend('vm', { requests: 2 })
    first.admit('vm')()
    expect(alerts(first)).toEqual(['the relay as a whole has reached 50 % of 4 requests of this month'])
    const second = start({ relay: { requests: 4 }, alert_at: [0.5] }, first.ambient, first.books)
    second.admit('vm')()
    expect(alerts(second)).toEqual([])
    second.ambient.setClock('2026-12-02T00:00:00.000Z')
    second.spend('vm', { requests: 3 })
    second.admit('vm')()
    expect(alerts(second)).toEqual(['the relay as a whole has reached 50 % of 4 requests of this month'])
  })

  it('come for a limit that is set below what is used already', () => {
    const started = start({})
    started.spend('vm', { requests: 9 })
    started.keeper.apply({ clients: { vm: { requests: 10 } } })
    expect(alerts(started)).toEqual(['vm has reached 80 % of 10 requests of this month'])
  })
})
