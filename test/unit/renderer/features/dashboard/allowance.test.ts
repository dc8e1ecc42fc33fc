import { expect, test } from 'vitest'
import { allowancesOf } from '../../../../../src/renderer/features/dashboard/allowance.ts'
import { readUsage } from '../../../../../src/shared/protocol/read-usage.ts'
import { NOON } from '../../../../support/make-bridge-state.ts'
import { makeUsage } from '../../../../support/make-usage.ts'

function allowances(change: Partial<ReturnType<typeof makeUsage>['quotas'][number]>) {
  const usage = makeUsage({ now: NOON })
  const read = readUsage({
    ...usage,
    quotas: usage.quotas.map((quota, index) => (index === 0 ? { ...quota, ...change } : quota)),
  })
  if (read === undefined) throw new Error('The usage cannot be read.')
  return allowancesOf(read, NOON)
}

test('what counts down comes before what does not, with its pace', () => {
  const [first, ...others] = allowances({})
  expect(first?.progress?.pace?.kind).toBe('within')
  expect(first?.progress?.passedShare).toBeCloseTo(20.5 / 30)
  expect(others.map(({ progress }) => progress)).toEqual([undefined, undefined])
})

test('unlimited is not nought of a hundred', () => {
  expect(allowances({ kind: 'unlimited', entitlement: 0, remaining: 0 })[0]?.progress).toBeUndefined()
})

test('an empty row is no allowance', () => {
  expect(allowances({ kind: 'placeholder' })).toHaveLength(2)
})

test('a share that is left tells what was used where Copilot names no number', () => {
  expect(allowances({ used: null, percentRemaining: 25 })[0]?.progress?.used).toBe(1125)
})

test('a reset date that has passed belongs to another month, so there is no pace', () => {
  expect(allowances({ resetsAt: '2026-11-01T00:00:00.000Z' })[0]?.progress?.pace).toBeUndefined()
})
