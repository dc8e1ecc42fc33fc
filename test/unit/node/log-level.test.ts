import { expect, test } from 'vitest'
import { logLevelOf } from '../../../src/node/log-level.ts'

test.each([
  ['debug', 'debug'],
  ['WARN', 'warn'],
  [' silent ', 'silent'],
  ['', undefined],
  [undefined, undefined],
])('LOG_LEVEL=%j means %j', (text, level) => {
  expect(logLevelOf({ LOG_LEVEL: text })).toBe(level)
})

test('a level that does not exist is refused with those that do', () => {
  expect(() => logLevelOf({ LOG_LEVEL: 'verbose' })).toThrow(
    expect.objectContaining({
      code: 'environment.invalid',
      message: 'LOG_LEVEL is "verbose", which is no level of logging.',
      remedy: 'Set it to debug, info, warn, error or silent, or not at all.',
    }) as Error,
  )
})
