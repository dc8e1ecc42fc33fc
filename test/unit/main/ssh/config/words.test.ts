import fc from 'fast-check'
import { expect, test } from 'vitest'
import { quoteWord, splitKeyword, splitWords } from '../../../../../src/main/ssh/config/words.ts'

test('quoted words come back as they were', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 6 }), (words) => {
      expect(splitWords(words.map(quoteWord).join(' \t'))).toEqual(words)
    }),
  )
})

test('any text either splits or has a quote that is never closed', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('a', ' ', '\t', '"', "'", '\\', '#', '=') }), (text) => {
      const words = splitWords(text)
      if (words === undefined) expect(text).toMatch(/["']/)
      else expect(words.join('').length).toBeLessThanOrEqual(text.length)
    }),
  )
})

test('a hash sign begins a comment only in front of a word', () => {
  expect(splitWords('a#b "#c" #d e')).toEqual(['a#b', '#c'])
})

test('one equal sign may stand behind the keyword', () => {
  expect(splitKeyword('  Port=22')).toEqual({ keyword: 'port', rest: '22' })
  expect(splitKeyword('Port = 22 ')).toEqual({ keyword: 'port', rest: '22' })
  expect(splitKeyword('Port 22')).toEqual({ keyword: 'port', rest: '22' })
  expect(splitKeyword('User ==x')).toEqual({ keyword: 'user', rest: '=x' })
  expect(splitKeyword('   # Port 22')).toBeUndefined()
})
