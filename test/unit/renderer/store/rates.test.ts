import { expect, test } from 'vitest'
import { NO_RATES, type Rates, rateOf, takeRates } from '../../../../src/renderer/store/rates.ts'
import { NO_TRAFFIC } from '../../../../src/shared/state/bridge-state.ts'
import { makeClientState, NOON } from '../../../support/make-bridge-state.ts'

function withBytes(rates: Rates, bytesToClient: number, at: number): Rates {
  const traffic = { ...NO_TRAFFIC, bytesToClient, bytesFromClient: bytesToClient / 10 }
  return takeRates(rates, { clients: [makeClientState({ traffic })] }, at)
}

test('one count alone is no rate', () => {
  expect(rateOf(withBytes(NO_RATES, 500, NOON), 'builder', NOON)).toBeUndefined()
  expect(rateOf(NO_RATES, 'builder', NOON)).toBeUndefined()
})

test('the rate is what crossed in the last seconds', () => {
  let rates = NO_RATES
  for (let second = 0; second <= 10; second += 1)
    rates = withBytes(rates, second * 1000, NOON + second * 1000)
  expect(rateOf(rates, 'builder', NOON + 10_000)).toEqual({ toClient: 1000, fromClient: 100 })
})

test('counts that come two hundred times a second do not pile up', () => {
  let rates = NO_RATES
  for (let count = 0; count < 4000; count += 1) rates = withBytes(rates, count, NOON + count * 5)
  expect(rates.get('builder')?.length).toBeLessThan(50)
  expect(rateOf(rates, 'builder', NOON + 20_000)?.toClient).toBeCloseTo(200, -1)
})

test('silence is a rate of nothing', () => {
  const rates = withBytes(withBytes(NO_RATES, 0, NOON), 9000, NOON + 1000)
  expect(rateOf(rates, 'builder', NOON + 60_000)).toEqual({ toClient: 0, fromClient: 0 })
})

test('counts that begin anew with another bridge are no negative rate', () => {
  const rates = withBytes(withBytes(NO_RATES, 9000, NOON), 10, NOON + 1000)
  expect(rateOf(rates, 'builder', NOON + 1000)).toBeUndefined()
})
