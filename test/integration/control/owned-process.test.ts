import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { startOwned } from '../../../src/main/control/owned-process.ts'
import { processControl } from '../../../src/main/control/process.ts'
import { REAL_AMBIENT } from '../../../src/node/ambient.ts'
import { soon } from '../../support/soon.ts'

const NEVER = new AbortController().signal
const SOURCE = fileURLToPath(new URL('../../../src/main/control/owned-process.ts', import.meta.url))

/** One that has ended and that nobody has asked for yet is a zombie; some machines are slow to ask. */
function isAlive(pid: number): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' })
  return stdout.trim() !== '' && !stdout.trim().startsWith('Z')
}

/** Starts a process of its own, says the ids of both on standard error, and ends by a signal if it is asked to. */
const FAMILY = `
const child = require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
console.error(process.pid + ' ' + child.pid)
setInterval(() => {}, 1000)`

const STUBBORN = `process.on('SIGTERM', () => {}); console.error(process.pid); setInterval(() => {}, 1000)`

async function pidsOf(owned: { lastWords(): string }): Promise<number[]> {
  await soon(() => expect(owned.lastWords()).toMatch(/\d/))
  return owned.lastWords().split(' ').map(Number)
}

async function start(code: string, graceMs = 5_000) {
  const owned = await startOwned([process.execPath, '-e', code], graceMs)
  onTestFinished(owned.end)
  return owned
}

test('ending it ends what it started as well', async () => {
  const owned = await start(FAMILY)
  const pids = await pidsOf(owned)
  expect(pids.map(isAlive)).toEqual([true, true])
  await owned.end()
  await soon(() => expect(pids.map(isAlive)).toEqual([false, false]))
  await owned.end()
})

test('a program that does not end when asked to is killed', async () => {
  const owned = await start(STUBBORN, 1_000)
  const [pid = 0] = await pidsOf(owned)
  await owned.end()
  await soon(() => expect(isAlive(pid)).toBe(false))
})

test('it ends also when whoever started it is killed outright', async () => {
  const code = `
    const { startOwned } = await import(${JSON.stringify(SOURCE)})
    const owned = await startOwned([process.execPath, '-e', ${JSON.stringify(FAMILY)}], 5000)
    setInterval(() => { if (owned.lastWords().includes(' ')) console.log(owned.lastWords()) }, 20)`
  const starter = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => {
    starter.kill('SIGKILL')
  })
  const [line] = await once(createInterface(starter.stdout), 'line')
  const pids = String(line).split(' ').map(Number)
  expect(pids.map(isAlive)).toEqual([true, true])
  starter.kill('SIGKILL')
  await soon(() => expect(pids.map(isAlive)).toEqual([false, false]))
})

test('a program that ends by itself is reported with its status and its last words', async () => {
  const code = `console.error('the port is taken'); process.exit(3)`
  const control = processControl(
    { kind: 'process', command: [process.execPath, '-e', code] },
    { ambient: REAL_AMBIENT, server: { host: '127.0.0.1', port: 1 } },
  )
  onTestFinished(control.close)
  await control.wake('laptop', NEVER)
  await soon(async () =>
    expect(await control.query(NEVER).catch((error: unknown) => error)).toMatchObject({
      code: 'control.failed',
      message: expect.stringContaining('ended with status 3: the port is taken'),
    }),
  )
})

test('a program that does not exist is named', async () => {
  const control = processControl(
    { kind: 'process', command: ['/nowhere/tunnel-server'] },
    { ambient: REAL_AMBIENT, server: { host: '127.0.0.1', port: 1 } },
  )
  onTestFinished(control.close)
  await control.wake('laptop', NEVER)
  await soon(async () =>
    expect(await control.query(NEVER).catch((error: unknown) => error)).toMatchObject({
      message: expect.stringMatching(/\/nowhere\/tunnel-server ended with status 127.*not found/),
    }),
  )
})
