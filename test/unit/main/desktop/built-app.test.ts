import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { builtinModules } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { buildDesktop } from '../../../../scripts/build-desktop.ts'

const STAND_IN = new URL('./stand-in-electron.ts', import.meta.url).href
const HOOK = `import { registerHooks } from 'node:module'
registerHooks({ resolve: (name, context, next) => name === 'electron' ? { url: ${JSON.stringify(STAND_IN)}, shortCircuit: true } : next(name, context) })`

/** A port that cannot be opened keeps the app from taking one of this machine. */
const NO_AGENT = '{"profiles":[{"agent":{"listen":"unix:/nowhere/at/all.sock"}}]}'

let built: string

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'desktop-'))
  await writeFile(join(folder, 'package.json'), '{"type":"module"}')
  built = (await buildDesktop(join(folder, 'index.js'))).path
  return () => rm(folder, { recursive: true, force: true })
})

async function startApp(settings: string) {
  const home = await mkdtemp(join(tmpdir(), 'desktop-home-'))
  const config = join(home, 'settings.json')
  await writeFile(config, settings)
  const hook = `data:text/javascript,${encodeURIComponent(HOOK)}`
  const child = spawn(process.execPath, ['--import', hook, built, '--config', config], {
    env: {
      PATH: process.env.PATH,
      HOME: home,
      SOVEREIGN_RUNTIME_DIR: join(home, 'run'),
      CONFIG_PATH: join(home, 'relay.json'),
    },
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  const exited = once(child, 'exit')
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await exited
    await rm(home, { recursive: true, force: true })
  })
  const told: string[] = []
  const lines = createInterface({ input: child.stdout })
  lines.on('line', (line) => told.push(line))
  return {
    told,
    click: (label: string) => child.stdin.write(`${label}\n`),
    /** What tells other programs of this user how to reach the bridge. */
    runtimeFiles: async () => (await readdir(join(home, 'run'))).sort(),
    exitCode: async (): Promise<unknown> => (await exited)[0],
    until: (text: string) => expect.poll(() => told.join('\n'), { timeout: 20_000 }).toContain(text),
  }
}

test('nothing but Electron and native modules stays outside of the built app', async () => {
  const code = await readFile(built, 'utf8')
  const named = code.matchAll(/(?:\bfrom|\bimport\(|\b__require\()\s*["'`](@?[a-z][\w@./-]*)["'`]/g)
  const packages = [...named]
    .map(([, name = '']) => name)
    .filter((name) => !builtinModules.includes(name) && !name.endsWith('.node'))
  // Besides the first two, libraries try these and do without them.
  const optional = ['cpu-features', 'bufferutil', 'utf-8-validate']
  expect(new Set(packages)).toEqual(new Set(['electron', 'keytar', ...optional]))
})

test('the built app brings the bridge up, shows it, and does what its menu says', async () => {
  const app = await startApp(NO_AGENT)
  await app.until('built-in relay: connected, not signed in')
  expect(app.told[0]).toBe('{"sandbox":true}')
  app.click('Disconnect')
  await app.until('"menu":["Disconnected","--","Connect","--","Quit"]')
  app.click('Connect')
  await app.until('"menu":["Connecting to the built-in relay"')
})

test('quitting stops the bridge first, so that it leaves nothing behind', async () => {
  const app = await startApp(NO_AGENT)
  await app.until('built-in relay: connected, not signed in')
  expect(await app.runtimeFiles()).toEqual([expect.stringMatching(/\.json$/)])
  app.click('Disconnect and quit')
  expect(await app.exitCode()).toBe(0)
  expect(app.told.slice(-3)).toEqual(['{"quit":"held back"}', '{"destroyed":true}', '{"exit":0}'])
  expect(await app.runtimeFiles()).toEqual([])
})

test('settings with a mistake are told in a box, with the remedy, and end the app', async () => {
  const app = await startApp('{"profiles": []}')
  expect(await app.exitCode()).toBe(1)
  expect(app.told.find((line) => line.startsWith('{"box"'))).toContain('Correct the named line')
  expect(app.told.join('\n')).not.toContain('    at ')
})
