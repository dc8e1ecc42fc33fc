import { existsSync } from 'node:fs'
import { describe, expect, onTestFinished, test } from 'vitest'
import { NO_WINDOWS, type RunningApp, startApp } from '../../support/start-app.ts'
import { HAS_SESSION_BUS, startSessionBus } from '../../support/start-session-bus.ts'

const HAS_GDBUS = existsSync('/usr/bin/gdbus')
const TITLE = 'This desktop shows no tray icons'

/** The app on a GNOME whose session bus has nobody who takes tray icons. */
async function startOnBareGnome(args: readonly string[] = []): Promise<RunningApp> {
  const { address, close } = await startSessionBus()
  onTestFinished(close)
  return startApp({ args, env: { DBUS_SESSION_BUS_ADDRESS: address, XDG_CURRENT_DESKTOP: 'ubuntu:GNOME' } })
}

describe.skipIf(NO_WINDOWS !== undefined || !HAS_SESSION_BUS || !HAS_GDBUS)('without tray icons', () => {
  test('the app says so, and everything is done in the window, quitting too', async () => {
    const app = await startOnBareGnome()
    const { boxes } = await app.seen('box', (view) => view.boxes.length > 0)
    expect(boxes[0]?.text).toContain(`${TITLE}.`)
    expect(boxes[0]?.text).toContain('AppIndicator and KStatusNotifierItem Support')
    await app.press('OK')
    const page = await app.window()
    await page.getByText(TITLE, { exact: true }).waitFor()
    await page.getByRole('button', { name: 'Disconnect and quit' }).click()
    expect(await app.exited).toBe(0)
  })

  test('an app that was started at login stays out of the way until it is started again', async () => {
    const app = await startOnBareGnome(['--hidden'])
    await app.tray.with('built-in relay: connected')
    const { boxes, windows } = await app.view()
    expect([boxes, windows]).toEqual([[], []])
  })
})
