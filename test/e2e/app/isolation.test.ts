import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { BRIDGE_CALLS } from '../../../src/shared/bridge-api/calls.ts'
import { builtApp } from '../../support/electron/build-app.ts'
import { IS_ELECTRON, NO_WINDOWS, startApp } from '../../support/start-app.ts'

const byName = (a: string, b: string): number => a.localeCompare(b)

/** Runs in the page, in the world of the page. */
function inPage<Result>(page: Page, script: string): Promise<Result> {
  return page.evaluate(`(async () => { ${script} })()`)
}

describe.skipIf(NO_WINDOWS)('a page of the app', () => {
  test('finds one object with a method for each call, and nothing of Node or Electron', async () => {
    const app = await startApp()
    const page = await app.window()
    const names = await inPage<string[]>(page, 'return Object.keys(window.sovereign)')
    expect(names.toSorted(byName)).toEqual([...Object.keys(BRIDGE_CALLS), 'on'].toSorted(byName))
    const found = `return ['require', 'process', 'Buffer', 'module', 'global', 'electron', 'ipcRenderer', 'setImmediate']
      .filter((name) => name in globalThis)`
    expect(await inPage(page, found)).toEqual([])
    expect(await inPage(page, `return typeof sovereign.getState.constructor('return this')().process`)).toBe(
      'undefined',
    )
  })

  test('cannot change what the preload has shown, nor reach its world', async () => {
    const app = await startApp()
    const page = await app.window()
    const state = await inPage<{ ok: boolean }>(
      page,
      `const own = sovereign.getState
      try { sovereign.getState = () => 'forged' } catch {}
      try { delete window.sovereign } catch {}
      try { window.sovereign = {} } catch {}
      if (sovereign.getState !== own) return 'changed'
      const stolen = []
      const { get } = Map.prototype
      Map.prototype.get = function (...args) { stolen.push(args); return get.apply(this, args) }
      Object.defineProperty(Object.prototype, 'channel', { get: () => 'bridge-call-quit', configurable: true })
      const answer = await sovereign.getState({})
      Map.prototype.get = get
      delete Object.prototype.channel
      return { ok: answer.ok, prototype: Object.getPrototypeOf(answer) === Object.prototype, stolen: stolen.length }`,
    )
    expect(state).toMatchObject({ ok: true, prototype: true })
  })

  test('gets answers as values: wrong arguments are refused by name, and functions do not cross', async () => {
    const app = await startApp()
    const page = await app.window()
    const wrong = await inPage(page, `return sovereign.openPage({ url: 'https://github.com', more: 1 })`)
    expect(wrong).toMatchObject({ ok: false, error: { code: 'api.invalid-arguments' } })
    const odd = await inPage(page, 'return sovereign.connect({ when: () => 1 }).catch(String)')
    expect(odd).toContain('could not be cloned')
  })

  test('opens the pages that the app knows in the browser, and no other', async () => {
    const app = await startApp()
    const page = await app.window()
    const answers = await inPage<{ ok: boolean }[]>(
      page,
      `return Promise.all(['https://github.com/login/device', 'https://github.com.evil.example/', 'file:///etc/passwd', 'http://github.com/']
        .map((url) => sovereign.openPage({ url })))`,
    )
    expect(answers.map(({ ok }) => ok)).toEqual([true, false, false, false])
    const opens = await inPage(
      page,
      `return [window.open('https://github.com/about'), window.open('https://evil.example/'), window.open('/')].map(String)`,
    )
    expect(opens).toEqual(['null', 'null', 'null'])
    const link = `const link = document.createElement('a')
      Object.assign(link, { href: 'https://docs.github.com/', target: '_blank', textContent: 'a link' })
      document.body.prepend(link)`
    await inPage(page, link)
    await page.getByText('a link').click()
    const { opened, windows } = await app.seen('page in the browser', (view) => view.opened.length > 2)
    expect(opened).toEqual([
      'https://github.com/login/device',
      'https://github.com/about',
      'https://docs.github.com/',
    ])
    expect(windows).toHaveLength(1)
    await expect.poll(async () => (await app.process.pages()).length).toBe(1)
  })

  test.each([
    ['another site', 'https://evil.example/'],
    ['a file', 'file:///etc/passwd'],
    ['data', 'data:text/html,<h1>hello</h1>'],
    ['another page of the app', '/other'],
  ])('stays where it is when it is sent to %s', async (_where, url) => {
    const app = await startApp()
    const page = await app.window()
    await inPage(page, `window.mark = 'still here'; location.href = ${JSON.stringify(url)}`)
    // A navigation that is let through would have begun before the answer to a later call.
    await inPage(page, 'return sovereign.getState({}).then(() => undefined)')
    expect(await inPage(page, 'return window.mark')).toBe('still here')
    expect((await app.view()).windows).toMatchObject([{ url: 'app://sovereign/#/' }])
  })

  test('has no network, no permissions, and no script but its own', async () => {
    const app = await startApp()
    const page = await app.window()
    const tried = await inPage(
      page,
      `const script = document.createElement('script')
      script.textContent = 'window.injected = true'
      document.head.append(script)
      // In a task of its own, because the policy does not hold for what a debugger runs.
      const evaluated = await new Promise((resolve) => setTimeout(() => {
        try { resolve(eval('1 + 1')) } catch { resolve('refused') }
      }))
      const violations = []
      document.addEventListener('securitypolicyviolation', (event) => violations.push(event.effectiveDirective))
      const fetched = await fetch('https://github.com/').then(() => 'fetched', () => 'refused')
      const states = await Promise.all(['geolocation', 'notifications', 'camera', 'microphone', 'clipboard-read']
        .map((name) => navigator.permissions.query({ name }).then(({ state }) => state)))
      return {
        injected: window.injected ?? 'refused',
        evaluated,
        fetched,
        violations,
        granted: states.filter((state) => state === 'granted'),
      }`,
    )
    expect(tried).toEqual({
      injected: 'refused',
      evaluated: 'refused',
      fetched: 'refused',
      violations: expect.arrayContaining(['connect-src']) as unknown,
      granted: [],
    })
  })

  // Electron itself would ask where to save, in a dialog that nobody answers.
  test.skipIf(IS_ELECTRON)('saves a report or settings, and nothing else', async () => {
    const app = await startApp()
    const page = await app.window()
    const save = (name: string): Promise<void> =>
      inPage(
        page,
        `const link = document.createElement('a')
        link.href = URL.createObjectURL(new Blob(['content of ${name}']))
        link.download = '${name}'
        link.click()`,
      )
    await save('run-me.exe')
    await save('report.zip')
    const downloads = join(app.home, 'Downloads')
    await expect.poll(() => readdir(downloads), { timeout: 10_000 }).toContain('report.zip')
    expect(await readFile(join(downloads, 'report.zip'), 'utf8')).toBe('content of report.zip')
    expect(await readdir(downloads)).not.toContain('run-me.exe')
  })

  test('that the app has not opened is refused by every call', async () => {
    const app = await startApp()
    await app.window()
    const preload = join(await builtApp(), 'dist/preload/index.cjs')
    await app.process.ask('openForeignWindow', 'data:text/html,<title>foreign</title>', preload)
    let foreign: Page | undefined
    await expect
      .poll(async () => {
        foreign = (await app.process.pages()).find((page) => page.url().startsWith('data:'))
        return foreign !== undefined
      })
      .toBe(true)
    const answers = await inPage<{ error?: { code: string } }[]>(
      foreign as Page,
      `return Promise.all(Object.keys(sovereign).filter((name) => name !== 'on').map((name) => sovereign[name]({})))`,
    )
    expect(new Set(answers.map(({ error }) => error?.code))).toEqual(new Set(['api.foreign-request']))
    const told = await inPage(
      foreign as Page,
      `let told = 0
      sovereign.on('state', () => { told += 1 })
      await sovereign.getState({})
      return told`,
    )
    expect(told).toBe(0)
  })

  test('that is busy gets the newest state afterwards, and not all those in between', async () => {
    const app = await startApp()
    const page = await app.window()
    await inPage(
      page,
      `window.told = []; sovereign.on('state', ({ revision }) => window.told.push(revision))`,
    )
    const blocked = inPage(page, 'const end = Date.now() + 1500; while (Date.now() < end) {}')
    for (const label of ['Disconnect', 'Connect', 'Disconnect', 'Connect', 'Disconnect'])
      await app.tray.click(label)
    await app.seen('disconnected tray', ({ tray }) => tray?.tooltip.endsWith(': Disconnected') === true)
    await blocked
    const newest = `return sovereign.getState({}).then(({ result }) => result.revision)`
    const revision = await inPage<number>(page, newest)
    await expect.poll(() => inPage<number[]>(page, 'return window.told')).toContain(revision)
    const told = await inPage<number[]>(page, 'return window.told')
    expect(told).toEqual([...told].sort((a, b) => a - b))
    // One that was under way, and the newest; connecting five times publishes many more.
    expect(told.length).toBeLessThan(5)
  })
})
