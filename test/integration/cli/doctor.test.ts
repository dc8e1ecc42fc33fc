import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { startApiServer } from '../../../src/main/api/api-server.ts'
import { DashboardDoor } from '../../../src/main/api/dashboard-door.ts'
import { REAL_AMBIENT } from '../../../src/node/ambient.ts'
import { createLogger } from '../../../src/node/log.ts'
import type { Check } from '../../../src/shared/protocol/diagnostics.ts'
import { fakeBridgeApi } from '../../support/fake-bridge-api.ts'
import { runSovereign } from '../../support/sovereign-process.ts'
import { startOllama } from '../../support/start-ollama.ts'

let dir: string

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'doctor-'))
  return () => rm(dir, { recursive: true, force: true })
})

async function doctor(...args: string[]): Promise<{ status: unknown; out: string; err: string }> {
  const child = runSovereign(['doctor', ...args], { SOVEREIGN_RUNTIME_DIR: dir })
  const status = await child.finished
  return { status, out: child.stdout(), err: child.stderr() }
}

/** A bridge that has found this. */
async function startFound(checks: readonly Check[]): Promise<void> {
  const api = fakeBridgeApi()
  api.answer('runChecks', () => ({ at: 0, checks }))
  api.answer('makeReport', () => ({
    fileName: 'report.zip',
    files: [{ name: 'log.txt', text: 'x', redactions: 3 }],
    zipBase64: Buffer.from('zip').toString('base64'),
  }))
  const server = await startApiServer({
    ...{ api, runtimeDir: dir, log: createLogger('test', 'silent') },
    dashboard: { door: new DashboardDoor(REAL_AMBIENT), files: new Map() },
  })
  onTestFinished(() => server.close())
}

const FINE: Check = { id: 'agent', title: 'Port', status: 'ok', detail: '127.0.0.1:8080 is open.' }
const BROKEN: Check = {
  id: 'relay',
  title: 'Relay of mine',
  status: 'failed',
  detail: 'pi does not answer.',
  fix: 'Switch it on.',
}

test('everything that was found is a line, with what to do below it, and a failure is the status', async () => {
  await startFound([FINE, BROKEN])
  const { status, out } = await doctor()
  expect(status).toBe(1)
  expect(out).toBe(`ok       Port           127.0.0.1:8080 is open.
FAILED   Relay of mine  pi does not answer.
                        Switch it on.

1 of 2 failed.
`)
})

test('where nothing has failed the status is 0, and programs can read it', async () => {
  await startFound([FINE])
  const { status, out } = await doctor('--json')
  expect(status).toBe(0)
  expect(JSON.parse(out)).toEqual({ at: 0, checks: [FINE] })
})

test('a report is written for this user alone, and it is said what was taken out', async () => {
  await startFound([FINE])
  const file = join(dir, 'report.zip')
  const { err } = await doctor('--report', file)
  expect(await readFile(file, 'utf8')).toBe('zip')
  expect(err).toContain('log.txt: 3 taken out')
})

test('a report that cannot be written is told in words', async () => {
  await startFound([FINE])
  const { status, err } = await doctor('--report', join(dir, 'none', 'report.zip'))
  expect(status).toBe(1)
  expect(err).toBe(
    `${dir}/none/report.zip cannot be written (ENOENT).\nName a file in a folder that exists and that this user may write to.\n`,
  )
})

test.each(['--config', '--ssh-config'])(
  '%s has to name a file that exists, as for the bridge',
  async (flag) => {
    const { status, out, err } = await doctor(flag, join(dir, 'none.json'))
    expect({ status, out }).toEqual({ status: 1, out: '' })
    expect(err).toMatch(/none\.json (does not exist|cannot be read \(ENOENT\))\.\n/)
  },
)

test('without a bridge there is still something to look at', async () => {
  const config = join(dir, 'settings.json')
  await writeFile(config, '{ "clients": 3 }')
  const { status, out } = await doctor('--config', config)
  expect(status).toBe(1)
  expect(out).toMatch(/WARNING {2}Bridge +None runs/)
  expect(out).toMatch(/FAILED {3}Settings file +.*settings\.json line 1: clients /)
})

test('without a bridge the Ollama of the settings is asked all the same', async () => {
  const ollama = await startOllama({ traps: { cloud: 'signed-out' } })
  const config = join(dir, 'settings.json')
  const lineFor = async (settings: object): Promise<string> => {
    await writeFile(config, JSON.stringify({ version: 1, profiles: [settings] }))
    const { out } = await doctor('--config', config, '--json')
    const { checks } = JSON.parse(out) as { readonly checks: readonly Check[] }
    const { status = '', detail = '' } = checks.find(({ id }) => id === 'ollama') ?? {}
    return `${status}: ${detail}`
  }
  expect(await lineFor({ ollama: { url: ollama.url } })).toMatch(
    /^warning: .*context of 4096 tokens.*not signed in/,
  )
  expect(await lineFor({ ollama: { url: ollama.url, via: 'tower' } })).toMatch(/^skipped: .*from tower/)
  await ollama.close()
  expect(await lineFor({ ollama: { url: ollama.url } })).toMatch(/^failed: Nothing listens on 127/)
})
