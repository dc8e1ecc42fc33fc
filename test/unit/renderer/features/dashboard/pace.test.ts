import { expect, test } from 'vitest'
import { monthBefore, paceOf, shareOf } from '../../../../../src/renderer/features/dashboard/pace.ts'

const startsAt = Date.parse('2026-11-01T00:00:00Z')
const endsAt = Date.parse('2026-12-01T00:00:00Z')
const on = (date: string): number => Date.parse(`${date}T00:00:00Z`)

test('use that keeps step with the month leaves something over', () => {
  expect(paceOf({ used: 250, entitlement: 1000, now: on('2026-11-16'), startsAt, endsAt })).toEqual({
    kind: 'within',
    spareShare: 0.5,
  })
})

test('use that runs ahead names the day on which it runs out', () => {
  expect(paceOf({ used: 800, entitlement: 1000, now: on('2026-11-17'), startsAt, endsAt })).toEqual({
    kind: 'ahead',
    runsOutAt: on('2026-11-21'),
  })
})

test('the first day of a month says nothing, and a used up allowance says it at once', () => {
  expect(paceOf({ used: 90, entitlement: 100, now: startsAt + 60_000, startsAt, endsAt })?.kind).toBe(
    'too-early',
  )
  expect(paceOf({ used: 100, entitlement: 100, now: startsAt + 60_000, startsAt, endsAt })?.kind).toBe(
    'spent',
  )
})

test.each([
  [0, 0],
  [Number.NaN, 100],
  [-1, 100],
])('%d of %d has no pace', (used, entitlement) => {
  expect(paceOf({ used, entitlement, now: on('2026-11-16'), startsAt, endsAt })).toBeUndefined()
})

test('a window that ends before it begins has no pace', () => {
  expect(
    paceOf({ used: 1, entitlement: 2, now: startsAt, startsAt: endsAt, endsAt: startsAt }),
  ).toBeUndefined()
})

test('a month before the 31st is the last day of a shorter month', () => {
  expect(new Date(monthBefore(on('2026-03-31'))).toISOString()).toBe('2026-02-28T00:00:00.000Z')
  expect(new Date(monthBefore(on('2027-01-15'))).toISOString()).toBe('2026-12-15T00:00:00.000Z')
})

test('a clock that is a day off leaves the share within the month', () => {
  expect(shareOf(startsAt - 86_400_000, startsAt, endsAt)).toBe(0)
  expect(shareOf(endsAt + 86_400_000, startsAt, endsAt)).toBe(1)
})
