import { expect, test } from 'vitest'
import { unknownUsage, usageWords } from '../../../../src/main/desktop/usage-words.ts'
import { readUsage } from '../../../../src/shared/protocol/read-usage.ts'
import type { UsageDetails } from '../../../../src/shared/protocol/usage.ts'
import { NOON } from '../../../support/make-bridge-state.ts'
import { makeUsage } from '../../../support/make-usage.ts'

const WHOLE = makeUsage({ now: NOON })
const [QUOTA] = WHOLE.quotas
const PLACEHOLDER = { kind: 'placeholder', entitlement: 0, used: 0 } as const
const { totals } = WHOLE

function wordsOf(answer: unknown, now = NOON): string {
  const usage = readUsage(answer)
  if (usage === undefined) throw new Error('That is no usage.')
  return usageWords(usage, now)
}

function withQuota(change: Partial<UsageDetails['quotas'][number]>): unknown {
  return { ...WHOLE, quotas: [{ ...QUOTA, ...change }] }
}

function counted(change: object): unknown {
  return { ...WHOLE, quotas: [], ...change }
}

test.each([
  ['what is counted down', withQuota({}), 'Premium requests: 812 of 1,500 used, resets 1 December'],
  [
    'the same row in credits',
    withQuota({ unit: 'AI credits', entitlement: 3900, used: 4.56 }),
    'AI credits: 4.6 of 3,900 used, resets 1 December',
  ],
  [
    'a row that says only what is left',
    withQuota({ used: null, percentRemaining: 25 }),
    'Premium requests: 1,125 of 1,500 used, resets 1 December',
  ],
  [
    'more used than granted',
    withQuota({ used: 1612, exhausted: true }),
    'Premium requests: 1,612 of 1,500 used, resets 1 December',
  ],
  [
    'a pooled seat',
    withQuota({ kind: 'used-only', entitlement: null }),
    'Premium requests: 812 used, resets 1 December',
  ],
  ['no limit', withQuota({ kind: 'unlimited', used: null }), 'Premium requests: unlimited'],
  [
    'a row without numbers',
    withQuota({ used: null, percentRemaining: null }),
    'Premium requests: not known, resets 1 December',
  ],
  [
    'a reset that is told with the account alone',
    withQuota({ resetsAt: null }),
    'Premium requests: 812 of 1,500 used, resets 1 December',
  ],
  [
    'no reset at all',
    { ...(withQuota({ resetsAt: null }) as object), account: null },
    'Premium requests: 812 of 1,500 used, reset date not told',
  ],
])('the allowance comes first: %s', (_what, answer, words) => {
  expect(wordsOf(answer)).toBe(words)
})

test('what was used before a reset is not what is used now', () => {
  expect(wordsOf(WHOLE, Date.parse('2026-12-01T00:00:01Z'))).toBe(
    'Premium requests: not known since the reset on 1 December',
  )
})

test.each([
  ['premium requests', {}, `Premium requests this month: 510, resets 1 December`],
  [
    'an empty row of the upstream, which is no allowance',
    { quotas: [{ ...QUOTA, ...PLACEHOLDER }] },
    `Premium requests this month: 510, resets 1 December`,
  ],
  [
    'premium requests of which some could not be measured',
    { totals: { ...totals, premiumRequests: { ...totals.premiumRequests, unknown: 7 } } },
    'Premium requests this month: 510 or more, resets 1 December',
  ],
  [
    'nothing but requests that could not be measured',
    { totals: { ...totals, premiumRequests: { ...totals.premiumRequests, value: 0, unknown: 7 } } },
    'Premium requests this month: not known, resets 1 December',
  ],
  [
    'credits, reported and estimated',
    {
      premiumRequestsApply: false,
      totals: {
        ...totals,
        credits: {
          reported: { ...totals.credits.reported, value: 12, unknown: 0 },
          estimated: { ...totals.credits.estimated, value: 3, unknown: 0, estimate: true },
        },
      },
    },
    'AI credits this month: about 15, resets 1 December',
  ],
  [
    'dollars, where there is no Copilot',
    {
      account: null,
      premiumRequestsApply: null,
      totals: { ...totals, cost: { ...totals.cost, value: 1.234, unknown: 0, estimate: false } },
    },
    'Cost this month: $1.23, resets 1 December',
  ],
  [
    'requests alone',
    { account: null, premiumRequestsApply: null, totals: null },
    'Usage this month: 1,284 requests, cost not known',
  ],
  ['a month that has just begun', { requests: 0 }, 'Usage this month: no requests yet'],
])('without an allowance the relay tells what it has counted: %s', (_what, change, words) => {
  expect(wordsOf(counted(change))).toBe(words)
})

test('the first relays counted since they were started, and are not said to count a month', () => {
  expect(wordsOf({ requests: 1, premium_requests_used: 0, authenticated: true, uptime: 9 })).toBe(
    'Usage since the relay started: 1 request',
  )
})

test('why nothing is known is said in one line', () => {
  expect(unknownUsage(`no\nway ${'x'.repeat(300)}`)).toMatch(/^Usage this month: not known: no way x{1,80}…$/)
})
