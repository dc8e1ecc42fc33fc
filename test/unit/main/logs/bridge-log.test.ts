import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type BridgeLogOptions, openBridgeLog } from '../../../../src/main/logs/bridge-log.ts'
import { makeTempDir } from '../../../support/make-temp-dir.ts'

function open(change: Partial<BridgeLogOptions> = {}) {
  const lines: string[] = []
  const logs = openBridgeLog({
    ...{ verbose: false, env: {}, copy: { write: (line) => void lines.push(line) } },
    ...change,
  })
  const said = (): string[] => lines.splice(0).map((line) => (JSON.parse(line) as { msg: string }).msg)
  const sayAll = (): string[] => {
    for (const level of ['debug', 'info', 'warn', 'error'] as const) logs.log[level](level)
    return said()
  }
  return { logs, lines, sayAll }
}

test('the settings decide how much is said, from the next line on', () => {
  const { logs, sayAll } = open()
  expect(sayAll()).toEqual(['warn', 'error'])
  logs.follow({ level: 'debug', keepMiB: 4 })
  expect(sayAll()).toEqual(['debug', 'info', 'warn', 'error'])
  expect(logs.state).toEqual({ level: 'debug', by: 'settings', file: undefined })
  logs.follow({ level: 'error', keepMiB: 4 })
  expect(sayAll()).toEqual(['error'])
})

test.each([
  [{ verbose: true, env: { LOG_LEVEL: 'error' } }, 'debug', 'verbose'],
  [{ env: { LOG_LEVEL: 'info' }, sharesTerminal: true }, 'info', 'LOG_LEVEL'],
  [{ env: { LOG_LEVEL: 'silent' } }, 'silent', 'LOG_LEVEL'],
  [{ sharesTerminal: true }, 'error', 'terminal'],
])('what the start with %j has decided stays, whatever the settings say', (start, level, by) => {
  const { logs, sayAll } = open(start)
  const before = sayAll()
  logs.follow({ level: 'warn', keepMiB: 4 })
  expect(logs.state).toEqual({ level, by, file: undefined })
  expect(sayAll()).toEqual(before)
})

test('a LOG_LEVEL that is none is refused', () => {
  expect(() => open({ verbose: true, env: { LOG_LEVEL: 'loud' } })).toThrow(
    expect.objectContaining({ code: 'environment.invalid' }),
  )
})

test('the file holds no credential, not even where every detail is wanted', async () => {
  const folder = await makeTempDir('bridge-log-')
  const file = join(folder, 'logs/bridge.log')
  const { logs, lines } = open({ file })
  logs.follow({ level: 'debug', keepMiB: 1 })
  const secret = `ghu_${randomBytes(18).toString('hex')}`
  logs.log.debug({ token: secret, deep: { password: secret } }, `first ${secret}`)
  const text = await readFile(file, 'utf8')
  expect(text).toContain('first [redacted]')
  expect(text).not.toContain(secret)
  expect(lines.join('')).toBe(text)
  expect(logs.state.file).toBe(file)
})
