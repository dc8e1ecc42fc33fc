import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  groupChecks,
  problemsOf,
  summaryOf,
  textOfChecks,
} from '../../../../src/renderer/features/diagnostics/check-groups.ts'
import { findLines, linesOf, splitAtHits } from '../../../../src/renderer/features/diagnostics/find-lines.ts'
import type { Check } from '../../../../src/shared/protocol/diagnostics.ts'

function check(id: string, status: Check['status'], fix?: string): Check {
  return { id, title: id, status, detail: 'Found.', ...(fix === undefined ? {} : { fix }) }
}

const CHECKS = [
  check('client.vm.path', 'skipped'),
  check('keychain', 'warning', 'Install one.'),
  check('constructor', 'ok'),
  check('relay.reach', 'failed', 'Start it.'),
]

describe('checks', () => {
  test('are grouped along the path, with strange ones at the end', () => {
    expect(groupChecks(CHECKS).map(({ id, checks }) => [id, checks.map((one) => one.id)])).toEqual([
      ['computer', ['keychain']],
      ['relay', ['relay.reach']],
      ['client', ['client.vm.path']],
      ['other', ['constructor']],
    ])
  })

  test('that failed come before warnings, and the rest is no problem', () => {
    expect(problemsOf(CHECKS).map(({ id }) => id)).toEqual(['relay.reach', 'keychain'])
  })

  test('are copied with problems first and what to do', () => {
    expect(summaryOf(CHECKS)).toBe('1 failed, 1 warning, 1 in order, 1 skipped')
    expect(textOfChecks(CHECKS, 'Checks')).toBe(
      [
        'Checks',
        '1 failed, 1 warning, 1 in order, 1 skipped',
        '',
        '[Failed] relay.reach: Found.',
        '    What to do: Start it.',
        '[Warning] keychain: Found.',
        '    What to do: Install one.',
        '[Skipped] client.vm.path: Found.',
        '[In order] constructor: Found.',
        '',
      ].join('\n'),
    )
  })
})

describe('the search in a file', () => {
  test('keeps lines that match, with their numbers and whatever their case', () => {
    expect(findLines(linesOf('One\ntwo\r\nONE more\n'), ' one ')).toEqual([
      { number: 1, text: 'One' },
      { number: 3, text: 'ONE more' },
    ])
  })

  test('keeps every line while nothing is looked for', () => {
    expect(findLines(linesOf('a\n\nb'), '  ').map(({ number }) => number)).toEqual([1, 2, 3])
    expect(linesOf('')).toEqual([])
  })

  test('cuts a line into what it was, with every second part a hit', () => {
    expect(splitAtHits('an Ant and', 'an')).toEqual(['', 'an', ' ', 'An', 't ', 'an', 'd'])
    expect(splitAtHits('İan', 'an')).toEqual(['İan'])
    fc.assert(
      fc.property(fc.string(), fc.string(), (text, wanted) => {
        const parts = splitAtHits(text, wanted)
        expect(parts.join('')).toBe(text)
        const hits = parts.filter((_, index) => index % 2 === 1)
        expect(hits.every((hit) => hit.toLowerCase() === wanted.trim().toLowerCase())).toBe(true)
      }),
    )
  })
})
