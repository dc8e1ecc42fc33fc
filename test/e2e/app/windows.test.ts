import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { NO_WINDOWS, quietSettings, type RunningApp, startApp } from '../../support/start-app.ts'

const DASHBOARD = 'app://sovereign/#/'
const SIGN_IN = 'app://sovereign/#/sign-in'
const PATIENCE = { timeout: 30_000 }

async function addresses(app: RunningApp): Promise<string[]> {
  return (await app.view()).windows.map(({ url }) => url)
}

describe.skipIf(NO_WINDOWS)('the windows', () => {
  test('started by a person, the app opens its dashboard, which shows the relay within', async () => {
    const app = await startApp()
    const page = await app.window()
    await page.getByText('Sign in to GitHub Copilot or OpenRouter').first().waitFor()
    const { windows } = await app.seen('window that is shown', (view) => view.windows[0]?.isVisible === true)
    expect(windows).toMatchObject([{ url: DASHBOARD, isVisible: true, isFocused: true }])
  })

  test('started at login, it shows its tray alone, which opens the dashboard', async () => {
    const app = await startApp({ args: ['--hidden'] })
    const { icon, tooltip } = await app.tray.with('built-in relay: connected, not signed in')
    expect([icon, tooltip]).toEqual([
      expect.stringContaining('needs-you'),
      'Sovereign Bridge: Connected, but the relay is not signed in',
    ])
    expect(await addresses(app)).toEqual([])
    await app.tray.click('Open dashboard')
    await app.window()
    expect(await addresses(app)).toEqual([DASHBOARD])
  })

  test('a page follows the bridge: what is done in the tray is seen in the window', async () => {
    const app = await startApp()
    const page = await app.window()
    await app.tray.click('Disconnect')
    await page.getByRole('button', { name: 'Connect', exact: true }).first().waitFor()
    await app.tray.primaryClick()
    await page.getByRole('button', { name: 'Disconnect', exact: true }).first().waitFor()
  })

  test('each window is there once, and asked for again it comes to the front', async () => {
    const app = await startApp()
    await app.window()
    await app.tray.click('Sign in to GitHub Copilot…')
    await app.window('#/sign-in')
    await app.seen('sign-in in front', (view) =>
      view.windows.some(({ url, isFocused }) => url === SIGN_IN && isFocused),
    )
    await app.tray.click('Open dashboard')
    const { windows } = await app.seen('dashboard in front', (view) =>
      view.windows.some(({ url, isFocused }) => url === DASHBOARD && isFocused),
    )
    expect(windows.map(({ url }) => url)).toEqual([DASHBOARD, SIGN_IN])
  })

  test('without a window the bridge goes on', async () => {
    const app = await startApp()
    await app.window()
    await app.process.ask('closeWindow', DASHBOARD)
    await app.seen('desktop without windows', ({ windows }) => windows.length === 0)
    await app.tray.with('built-in relay: connected')
  })

  test('a window opens where it was closed, and in the size that it had', async () => {
    const bounds = { x: 40, y: 60, width: 720, height: 540 }
    const app = await startApp()
    await app.window()
    await app.process.ask('setBounds', DASHBOARD, bounds)
    expect(await app.quit()).toBe(0)
    const again = await startApp({ home: app.home })
    await again.window()
    expect((await again.view()).windows).toMatchObject([{ bounds }])
  })

  test('the app started twice shows the window of the first, and the second ends', async () => {
    const app = await startApp({ args: ['--hidden'] })
    await app.tray.with('built-in relay: connected')
    const second = await startApp({ home: app.home })
    expect(await second.exited).toBe(0)
    await app.window()
    expect((await app.view()).windows).toHaveLength(1)
  })

  test('of several apps started at once one stays and shows its window, and the others end', async () => {
    const home = await mkdtemp(join(tmpdir(), 'home-'))
    onTestFinished(() => rm(home, { recursive: true, force: true, maxRetries: 5 }))
    // What an app that was killed has left there.
    const killed = await startApp({ home, settings: quietSettings(home), args: ['--hidden'] })
    await killed.tray.with('built-in relay: connected')
    await killed.kill()

    const apps = await Promise.all([1, 2, 3, 4].map(() => startApp({ home, args: ['--hidden'] })))
    const left = new Set(apps)
    for (const app of apps) void app.exited.then(() => left.delete(app))
    await expect.poll(() => left.size, PATIENCE).toBe(1)
    const [only] = left
    await only?.tray.with('built-in relay: connected')
    await only?.window()
    expect((await only?.view())?.windows).toHaveLength(1)
    expect(await Promise.all(apps.filter((app) => app !== only).map(({ exited }) => exited))).toEqual([
      0, 0, 0,
    ])
  }, 90_000)
})
