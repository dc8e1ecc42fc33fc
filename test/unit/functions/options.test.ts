import { expect, test } from 'vitest'
import { DEFAULT_OPTIONS, readOptions } from '../../../src/functions/infra/options.ts'

const read = (context: Readonly<Record<string, string>>) => readOptions((name) => context[name])

test('what is not said is as the documentation says', () => {
  expect(read({})).toEqual(DEFAULT_OPTIONS)
})

test('options are text with commas and numbers', () => {
  expect(
    read({ agents: 'laptop, desktop,', port: '443', idleMinutes: '30', reserveConcurrency: 'false' }),
  ).toEqual({
    ...DEFAULT_OPTIONS,
    agents: ['laptop', 'desktop'],
    port: 443,
    idleMinutes: 30,
    reserveConcurrency: false,
  })
})

test.each([
  [{ idleMinutes: 'soon' }, '"idleMinutes"'],
  [{ maxLifetimeMinutes: '0' }, '"maxLifetimeMinutes"'],
  [{ allow: ' , ' }, '"allow"'],
])('%j is refused', (context, named) => {
  expect(() => read(context)).toThrow(named)
})
