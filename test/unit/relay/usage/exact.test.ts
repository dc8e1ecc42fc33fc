import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatDecimal, parseDecimal } from '../../../../src/relay/usage/exact.ts'

describe('exact decimals', () => {
  it('come back as they went in', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }),
        fc.integer({ min: 0, max: 12 }),
        (value, scale) => {
          expect(parseDecimal(formatDecimal(value, scale), scale)).toBe(value)
        },
      ),
    )
  })

  it.each([
    [0.1 + 0.2, 6, 300_000n],
    ['1.0000005', 6, 1_000_001n],
    [1.5e-7, 12, 150_000n],
    ['2E3', 0, 2000n],
    [' 7.50 ', 2, 750n],
  ])('read %s', (value, scale, expected) => {
    expect(parseDecimal(value, scale)).toBe(expected)
  })

  it.each([[null], [''], ['abc'], [Number.NaN], [Infinity], ['1e999'], ['0x10'], [{}]])(
    'do not read %s',
    (value) => {
      expect(parseDecimal(value, 6)).toBeUndefined()
    },
  )
})
