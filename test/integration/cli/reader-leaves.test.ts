import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { startApiServer } from '../../../src/main/api/api-server.ts'
import { createLogger } from '../../../src/node/log.ts'
import { fakeBridgeApi } from '../../support/fake-bridge-api.ts'
import { makeTempDir } from '../../support/make-temp-dir.ts'

const MAIN = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url))

const makeHome = () => makeTempDir('reader-')

/** Reads what comes first and closes the pipe, as `| head` does. */
async function readABit(home: string, args: readonly string[], onRead: () => void = () => undefined) {
  const folders = { HOME: home, XDG_CONFIG_HOME: home, XDG_DATA_HOME: home, SOVEREIGN_RUNTIME_DIR: home }
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { ...process.env, ...folders },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  child.stdout.once('data', () => {
    child.stdout.destroy()
    onRead()
  })
  const [[code], complaint] = await Promise.all([once(child, 'exit'), text(child.stderr)])
  return { code, complaint }
}

test('status --watch ends without a trace when its reader leaves', async () => {
  const home = await makeHome()
  const api = fakeBridgeApi()
  const server = await startApiServer({ api, runtimeDir: home, log: createLogger('test', 'silent') })
  onTestFinished(() => server.close())
  const change = () => void api.publish({ wanted: 'disconnected' })
  const ended = await readABit(home, ['status', '--watch', '--json'], change)
  expect(ended).toEqual({ code: 141, complaint: '' })
})

test.each([['--json'], ['--verbose']])(
  'bridge %s disconnects in order when its reader leaves',
  async (how) => {
    const home = await makeHome()
    const settings = join(home, 'settings.json')
    await writeFile(settings, JSON.stringify({ agent: { listen: `unix:${join(home, 'agent.sock')}` } }))
    const { code, complaint } = await readABit(home, ['bridge', '--config', settings, how])
    expect(code).toBe(0)
    expect(complaint).not.toContain('EPIPE')
    expect(existsSync(join(home, 'bridge.json'))).toBe(false)
    expect(existsSync(join(home, 'agent.sock'))).toBe(false)
  },
)
