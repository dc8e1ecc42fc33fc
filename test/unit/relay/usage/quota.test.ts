import { describe, expect, it } from 'vitest'
import { AccountState } from '../../../../src/relay/usage/quota.ts'

const AT = Date.parse('2026-11-21T12:00:00Z')

function fromPage(page: object): AccountState {
  const state = new AccountState()
  state.takeUserPage(page, AT)
  return state
}

function row(id: string, fields: object, page: object = {}) {
  return fromPage({ ...page, quota_snapshots: { [id]: fields } }).quotas()[0]
}

describe('quota', () => {
  it('reads numbers that come as text', () => {
    expect(
      row(
        'premium_interactions',
        { entitlement: '300', remaining: '127.5', percent_remaining: '42.5' },
        { token_based_billing: false },
      ),
    ).toMatchObject({
      kind: 'limited',
      unit: 'premium requests',
      entitlement: 300,
      remaining: 127.5,
      used: 172.5,
      percentRemaining: 42.5,
      exhausted: false,
      asOf: '2026-11-21T12:00:00.000Z',
    })
  })

  it('does not make a unit up while Copilot has not said what it bills', () => {
    expect(row('premium_interactions', { entitlement: 300, remaining: 1 })?.unit).toBeNull()
  })

  it('shows the used credits of a business seat that is called unlimited', () => {
    const seat = {
      unlimited: true,
      entitlement: 0,
      percent_remaining: 100,
      credits_used: 31,
      token_based_billing: true,
    }
    const state = fromPage({ copilot_plan: 'business', quota_snapshots: { premium_interactions: seat } })
    expect(state.quotas()[0]).toMatchObject({
      kind: 'used-only',
      used: 31,
      unit: 'AI credits',
      percentRemaining: null,
    })
    expect(state.premiumRequestsApply()).toBe(false)
    // The header of a response knows less, and must not wipe that out.
    state.takeHeaders(
      { 'x-quota-snapshot-premium_interactions': 'ent=-1&rem=100&ov=0&ovPerm=false' },
      AT + 1000,
    )
    expect(state.quotas()[0]).toMatchObject({ kind: 'used-only', used: 31 })
  })

  it.each([
    [
      'unlimited by flag',
      { unlimited: true, entitlement: 0, remaining: 0 },
      { kind: 'unlimited', percentRemaining: null, exhausted: false },
    ],
    [
      'unlimited by -1',
      { entitlement: '-1', percent_remaining: 0 },
      { kind: 'unlimited', percentRemaining: null },
    ],
    [
      'a placeholder',
      { entitlement: 0, remaining: 0, percent_remaining: 100 },
      { kind: 'placeholder', percentRemaining: null },
    ],
    [
      'overdrawn',
      { entitlement: 300, remaining: -12, percent_remaining: -4 },
      { kind: 'limited', used: 312, percentRemaining: -4, exhausted: true },
    ],
    ['an empty pool', { has_quota: false, unlimited: true }, { exhausted: true }],
  ])('tells %s from a plain quota', (_, fields, expected) => {
    expect(row('premium_interactions', fields)).toMatchObject(expected)
  })

  it('leaves out rows that say nothing, which is not zero', () => {
    expect(row('chat', { quota_id: 'x', timestamp_utc: 'y' })).toBeUndefined()
    expect(fromPage({ login: 'me' }).quotas()).toEqual([])
  })

  it('reads the headers of a response and prefers the newest', () => {
    const state = fromPage({
      quota_snapshots: { premium_interactions: { entitlement: 1500, remaining: 1500 } },
    })
    const found = state.takeHeaders(
      {
        'x-quota-snapshot-premium_interactions':
          'ent=1500&ov=0.0&ovPerm=true&rem=88.4&rst=2026-12-01T00%3A00%3A00Z',
        date: 'x',
      },
      AT + 5000,
    )
    expect(found).toBe(true)
    expect(state.quotas()).toEqual([
      {
        id: 'premium_interactions',
        kind: 'limited',
        unit: null,
        entitlement: 1500,
        remaining: 1326,
        used: 174,
        percentRemaining: 88.4,
        overage: 0,
        overagePermitted: true,
        exhausted: false,
        resetsAt: '2026-12-01T00:00:00Z',
        source: 'Copilot response header',
        asOf: '2026-11-21T12:00:05.000Z',
      },
    ])
  })

  it('reads the two lists of a free plan', () => {
    const state = fromPage({
      copilot_plan: 'free',
      limited_user_quotas: { chat: 40, completions: 2000 },
      monthly_quotas: { chat: 50, completions: 2000 },
    })
    expect(state.quotas().map(({ id, used }) => [id, used])).toEqual([
      ['chat', 10],
      ['completions', 0],
    ])
  })

  it('takes any nonsense without failing or growing', () => {
    const state = new AccountState()
    for (const page of [null, 'x', [], { quota_snapshots: [] }, { quota_snapshots: { 'a b': {}, c: 'd' } }])
      state.takeUserPage(page, AT)
    for (let index = 0; index < 1000; index += 1)
      state.takeHeaders({ [`x-quota-snapshot-q${index}`]: 'ent=5&rem=1' }, AT)
    expect(state.quotas().length).toBeLessThanOrEqual(16)
  })
})
