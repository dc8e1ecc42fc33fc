import { expect, test } from 'vitest'
import { amountText, numberText, sumOf } from '../../../../src/renderer/ui/amount-text.ts'
import { plain } from '../../../../src/renderer/ui/plain.ts'

test.each([
  ['a\u202Eb', 'a�b'],
  ['bell\u0007 and nul\u0000', 'bell� and nul�'],
  ['two\r\nlines\u2028three', 'two lines three'],
  ['<b>שלום</b>', '<b>שלום</b>'],
  ['x'.repeat(600), `${'x'.repeat(499)}…`],
])('%j is shown as %j', (text, shown) => {
  expect(plain(text)).toBe(shown)
})

const amount = { value: 0, unit: 'USD', source: 'counted', estimate: false, unknown: 0 }

test('amounts say when they are estimates, incomplete, or too small to round', () => {
  expect(
    [
      { ...amount, value: 1284.5 },
      { ...amount, value: 3, estimate: true },
      { ...amount, value: 7, unknown: 2 },
      { ...amount, value: 0.000_01 },
      { ...amount, value: 0 },
      { ...amount, value: 48_211_904, unit: 'tokens' },
    ].map(amountText),
  ).toEqual(['1,284.5', '~3', '7 + ?', '<0.0001', '0', '48.21M'])
})

test('a number below the last digit is not nothing', () => {
  expect([numberText(0.001, 2), numberText(0.4, 0), numberText(0, 0)]).toEqual(['<0.01', '<1', '0'])
})

test('a sum of the reported and the estimated is an estimate from both sources', () => {
  const estimated = { ...amount, value: 0.2, estimate: true, source: 'guessed' }
  expect(sumOf({ ...amount, value: 0.1 }, estimated)).toMatchObject({
    value: 0.3,
    estimate: true,
    source: 'counted + guessed',
  })
  expect(sumOf({ ...amount, value: 0.1 }, { ...estimated, value: 0 })).toMatchObject({
    estimate: false,
    source: 'counted',
  })
  expect(sumOf(undefined, undefined)).toBeUndefined()
})
