import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { NO_WINDOWS, profileOf, type RunningApp, startApp } from '../../support/start-app.ts'

const SECRET = 'github_pat_11ABCDEFG0123456789_planted'

const logFile = ({ home }: RunningApp): string => join(profileOf(home), 'logs/bridge.log')
const logOf = (app: RunningApp): Promise<string> => readFile(logFile(app), 'utf8').catch(() => '')

async function openSettings(app: RunningApp): Promise<Page> {
  const page = await app.window()
  await page.getByRole('link', { name: 'Settings' }).click()
  await page.getByLabel('What is logged').waitFor()
  return page
}

async function choose(page: Page, what: string): Promise<void> {
  await page.getByLabel('What is logged').selectOption(what)
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByText('Saved. The bridge uses it now.').waitFor()
}

describe.skipIf(NO_WINDOWS)('the log of the app', () => {
  test('says as much as the settings want from the moment they are saved, and never a credential', async () => {
    const app = await startApp({ env: { GITHUB_API_BASE_URL: 'http://127.0.0.1:9' } })
    const page = await openSettings(app)
    await choose(page, 'Every detail')
    await page.getByText(logFile(app)).waitFor()
    await page.getByRole('button', { name: 'Open the log folder' }).click()
    await app.seen('folder of the log', ({ opened }) => opened.includes(join(profileOf(app.home), 'logs')))

    await page.evaluate(`sovereign.giveCredential({ kind: 'github-token', secret: '${SECRET}' })`)
    await expect.poll(() => logOf(app)).toMatch(/"level":20/)
    expect(await logOf(app)).not.toContain(SECRET)
    expect(app.log()).not.toContain(SECRET)

    expect(await logOf(app)).toMatch(/"msg":"request"/)

    await choose(page, 'Errors')
    const before = await logOf(app)
    await app.tray.click('Disconnect')
    await app.tray.click('Connect')
    await app.tray.with('built-in relay: connected')
    expect(await logOf(app)).toBe(before)
  })

  test('says every detail with --verbose whatever is chosen, and the page tells why', async () => {
    const app = await startApp({ args: ['--verbose'] })
    const page = await openSettings(app)
    await page.getByText('This run logs every detail: it was started with --verbose').waitFor()
    await choose(page, 'Errors')
    const before = await logOf(app)
    await app.tray.click('Disconnect')
    await expect.poll(async () => (await logOf(app)).slice(before.length)).toContain('local port')
  })

  test('is kept from a LOG_LEVEL that is none, which does not keep the app from starting', async () => {
    const app = await startApp({ env: { LOG_LEVEL: 'trace' } })
    await app.window()
    expect(await logOf(app)).toContain('LOG_LEVEL is \\"trace\\", which is no level of logging.')
  })
})
