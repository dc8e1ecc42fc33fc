import { expect, test } from 'vitest'
import { costUntil, fargatePrice, runningServer } from '../../../../src/main/control/price.ts'

const HOUR_MS = 3_600_000

test('an hour of the smallest server costs what the list says, its address included', () => {
  expect(fargatePrice('us-east-1').usdPerHour).toBeCloseTo(0.25 * 0.04048 + 0.5 * 0.004445 + 0.005, 6)
  expect(fargatePrice('eu-central-1').source).toContain('eu-central-1')
})

test('a region that the list does not have is priced as the one that it names', () => {
  expect(fargatePrice('mars-north-1')).toEqual(fargatePrice('us-east-1'))
})

test('a minute is charged at least', () => {
  const price = { usdPerHour: 60, source: '' }
  expect(costUntil(price, 0, 1)).toBeCloseTo(1)
  expect(costUntil(price, 0, HOUR_MS)).toBeCloseTo(60)
})

test('what nobody knows is not made up', () => {
  const known = { startedAt: 1, stopsAt: undefined }
  expect(runningServer(undefined, known, 2)).toEqual({ since: 1, costUsd: undefined, stopsAt: undefined })
  expect(runningServer(undefined, { startedAt: undefined, stopsAt: undefined }, 2)).toBeUndefined()
})
