import fc from 'fast-check'
import { expect, test } from 'vitest'
import { matchesAny, matchesHostList, matchesPattern } from '../../../../../src/main/ssh/config/patterns.ts'

const fewLetters = fc.string({ unit: fc.constantFrom('a', 'b', '.'), maxLength: 12 })
const patterns = fc.string({ unit: fc.constantFrom('a', 'b', '.', '*', '?'), maxLength: 8 })

function toRegExp(pattern: string): RegExp {
  return new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll('*', '.*').replaceAll('?', '.')}$`)
}

test('a pattern fits what the regular expression of the same meaning fits', () => {
  fc.assert(
    fc.property(fewLetters, patterns, (text, pattern) => {
      expect(matchesPattern(text, pattern)).toBe(toRegExp(pattern).test(text))
    }),
    { numRuns: 2000 },
  )
})

test('every text fits a pattern made from it by putting wildcards in', () => {
  fc.assert(
    fc.property(fewLetters, fc.array(fc.nat(12)), (text, places) => {
      const letters = [...text]
      for (const place of places) if (place < letters.length) letters[place] = place % 2 === 0 ? '?' : '*'
      expect(matchesPattern(text, letters.join(''))).toBe(true)
    }),
  )
})

test('a pattern of many stars is decided at once', () => {
  expect(matchesPattern('a'.repeat(3000), `${'*a'.repeat(500)}b`)).toBe(false)
})

test('an exclamation mark takes a host out wherever it stands', () => {
  expect(matchesAny('web', ['*', '!web'])).toBe(false)
  expect(matchesAny('web', ['!db', 'web'])).toBe(true)
  expect(matchesAny('web', ['!db'])).toBe(false)
  expect(matchesHostList('Web.EXAMPLE.com', '*.example.COM,!db*')).toBe(true)
})
