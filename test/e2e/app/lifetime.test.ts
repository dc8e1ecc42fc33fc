import { readdir, readFile, writeFile } from 'node:fs/promises'
import { builtinModules } from 'node:module'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { builtApp } from '../../support/electron/build-app.ts'
import { IS_ELECTRON, NO_WINDOWS, profileOf, type RunningApp, startApp } from '../../support/start-app.ts'

const DASHBOARD = 'app://sovereign/#/'

/** What tells other programs of this user how to reach the bridge. */
async function runtimeFiles({ home }: RunningApp): Promise<string[]> {
  return (await readdir(join(home, 'run'))).filter((name) => name !== 'sessions.json').sort()
}

test('nothing but Electron and native modules stays outside of the built app', async () => {
  const code = await readFile(join(await builtApp(), 'dist/main/index.js'), 'utf8')
  // What follows tells an import from a sentence such as: Cannot get 'saltLength' from 'alg' argument.
  const named = code.matchAll(
    /(?:\bfrom|\bimport\(|\b__require\()\s*["'`](@?[a-z][\w@./-]*)["'`](?=\s*(?:[;,)]|$))/gm,
  )
  const packages = [...named]
    .map(([, name = '']) => name)
    .filter((name) => !builtinModules.includes(name) && !name.endsWith('.node'))
  // Besides the first two, libraries try these and do without them.
  const optional = ['cpu-features', 'bufferutil', 'utf-8-validate']
  expect(new Set(packages)).toEqual(new Set(['electron', 'keytar', ...optional]))
})

test('the built app brings the bridge up, shows it, and does what its menu says', async () => {
  const app = await startApp({ args: ['--hidden'] })
  await app.tray.with('built-in relay: connected, not signed in')
  await app.tray.click('Disconnect')
  const { menu } = await app.tray.with('Disconnected')
  expect(menu.map(({ label }) => label)).toEqual(expect.arrayContaining(['Connect', 'Quit']))
  await app.tray.click('Connect')
  await app.tray.with('built-in relay: connected')
})

test('settings with a mistake are told in a box, which opens the file as often as wanted, and end the app', async () => {
  const app = await startApp({ settings: '{"profiles": []}' })
  const { boxes } = await app.seen('box', (view) => view.boxes.length > 0)
  expect(boxes[0]?.text).toContain('Correct the named line')
  expect(boxes[0]?.text).not.toContain('    at ')
  await app.press('Open the file')
  await app.seen('opened file', ({ opened }) => opened.includes(join(app.home, 'settings.json')))
  await app.press('Quit')
  expect(await app.exited).toBe(1)
  expect(await readFile(join(app.home, 'settings.json'), 'utf8')).toBe('{"profiles": []}')
})

test('quitting stops the bridge first, so that it leaves nothing behind', async () => {
  const app = await startApp({ args: ['--hidden'] })
  await app.tray.with('built-in relay: connected')
  expect(await runtimeFiles(app)).toEqual([expect.stringMatching(/\.json$/)])
  await app.tray.click('Disconnect and quit')
  expect(await app.exited).toBe(0)
  expect(await runtimeFiles(app)).toEqual([])
})

describe.skipIf(NO_WINDOWS)('with a window open', () => {
  test('quitting leaves no process, no socket and no file of a running bridge', async () => {
    const app = await startApp()
    await app.window()
    expect(await app.quit()).toBe(0)
    expect(await runtimeFiles(app)).toEqual([])
    await expect.poll(() => app.processes(), { timeout: 10_000 }).toEqual([])
    expect(await readdir(app.home)).not.toContain('agent.sock')
  })

  test('a killed app leaves nothing that stops the next one', async () => {
    const app = await startApp()
    await app.window()
    await app.kill()
    await expect.poll(() => app.processes(), { timeout: 10_000 }).toEqual([])
    const next = await startApp({ home: app.home })
    await next.window()
    await next.tray.with('built-in relay: connected')
  })

  test('a page that crashes is replaced where it was, and the bridge does not notice', async () => {
    const app = await startApp()
    const page = await app.window()
    const started = await page.evaluate('sovereign.getState({}).then(({ result }) => result.startedAt)')
    await app.process.ask('crashPage', DASHBOARD)
    await expect.poll(async () => (await app.window()) === page, { timeout: 10_000 }).toBe(false)
    const next = await app.window()
    const script = 'sovereign.getState({}).then(({ result }) => [result.startedAt, result.wanted])'
    expect(await next.evaluate(script)).toEqual([started, 'connected'])
    await app.tray.with('built-in relay: connected')
  })

  test('a page that crashes again and again stays closed, and a box says so', async () => {
    const app = await startApp()
    for (let crash = 1; crash <= 4; crash += 1) {
      await app.window()
      await app.seen('dashboard', ({ windows }) => windows.some(({ url }) => url === DASHBOARD))
      const before = await app.windows()
      await app.process.ask('crashPage', DASHBOARD)
      await expect.poll(async () => (await app.windows()).some((page) => before.includes(page))).toBe(false)
    }
    const { boxes, windows } = await app.seen('box', (view) => view.boxes.length > 0)
    expect(boxes[0]?.text).toContain('The bridge is not touched by that.')
    expect(windows).toEqual([])
    await app.tray.with('built-in relay: connected')
  })

  test.each([
    ['cut off in the middle', '{"bounds": {"dashb'],
    ['of a newer version', '{"bounds":{},"new":1,"__internal__":{"migrations":{"version":"2.0.0"}}}'],
    ['of another form', '{"bounds": {"dashboard": "big"}}'],
  ])('a file of window places that is %s is kept aside, and the app starts', async (_how, text) => {
    const first = await startApp({ args: ['--hidden'] })
    await first.tray.with('built-in relay: connected')
    expect(await first.quit()).toBe(0)
    await writeFile(join(profileOf(first.home), 'windows.json'), text)
    const app = await startApp({ home: first.home })
    await app.window()
    expect(await app.quit()).toBe(0)
    expect(await readFile(join(profileOf(app.home), 'windows.json.unusable-1'), 'utf8')).toBe(text)
    const kept = JSON.parse(await readFile(join(profileOf(app.home), 'windows.json'), 'utf8')) as object
    expect(kept).toMatchObject({ bounds: { dashboard: { width: 1080 } } })
  })

  test.skipIf(IS_ELECTRON)('a profile of Chromium is made only for a window', async () => {
    const app = await startApp({ args: ['--hidden'] })
    await app.tray.with('built-in relay: connected')
    expect(await readdir(profileOf(app.home))).not.toContain('chromium')
  })
})
