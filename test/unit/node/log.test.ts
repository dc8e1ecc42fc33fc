import { expect, test } from 'vitest'
import { createLogger, recentLogLines } from '../../../src/node/log.ts'

test('the last lines are kept with credentials blanked out, also those that are too quiet to be shown', () => {
  const shown: string[] = []
  const log = createLogger('test', 'warn', { write: (line) => void shown.push(line) })
  log.info({ token: 'abc' }, 'quiet gho_0123456789abcdef')
  log.warn('loud')
  log.debug('never')
  expect(shown.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual(['loud'])
  const kept = recentLogLines(log).map((line) => JSON.parse(line) as { msg: string; token?: string })
  expect(kept).toMatchObject([{ token: '[redacted]', msg: 'quiet [redacted]' }, { msg: 'loud' }])
})

test('not more than 500 lines are kept', () => {
  const log = createLogger('test', 'silent')
  for (let index = 0; index < 510; index += 1) log.info({ index }, 'line')
  const lines = recentLogLines(log)
  expect(lines).toHaveLength(500)
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ index: 10 })
})

test('details are shown where they are asked for', () => {
  const shown: string[] = []
  const log = createLogger('test', 'debug', { write: (line) => void shown.push(line) })
  log.child({ part: 'a' }).debug('fine')
  expect(shown).toHaveLength(1)
})
