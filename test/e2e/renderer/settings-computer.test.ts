import { expect, test } from 'vitest'
import { AppError } from '../../../src/shared/errors/app-error.ts'
import type { LogsState } from '../../../src/shared/state/logs.ts'
import { seriousFindings } from '../../support/open-renderer.ts'
import { callsOf, DESKTOP, goTo, save, saved, settingsPages, TEXT } from './settings-pages.ts'

const open = settingsPages()

const LOGS: LogsState = {
  level: 'warn',
  by: 'settings',
  file: '/home/eve/.config/Sovereign Bridge/logs/bridge.log',
}

test('where passphrases are kept is said as it is, and chosen in words', async () => {
  const opened = await open()
  const { page } = opened
  await page.getByText('What you want remembered is kept in the keyring of this desktop').waitFor()
  opened.api.publish({
    secrets: { kind: 'unavailable', by: 'keychain', reason: 'Cannot autolaunch D-Bus' },
  })
  await page.getByText('No keychain answers on this computer, so nothing is kept').waitFor()
  await page.getByText('Cannot autolaunch D-Bus.').waitFor()
  expect(await seriousFindings(page)).toEqual([])
  await page.getByLabel('In a file that only you can read').check()
  await page.locator('.save-details summary').click()
  await page.getByText('file, not encrypted').waitFor()
  await save(page)
  await page.getByText('Saved.').waitFor()
  expect(saved(opened)).toMatchObject({ secrets: 'file' })
})

test('what is logged and how much of it is kept is chosen, checked as typed and saved', async () => {
  const opened = await open(TEXT, { logs: { ...LOGS, file: undefined } })
  const { page, complaints } = opened
  await page.getByText('This bridge writes its log to its standard error').waitFor()
  await expect.poll(() => page.getByRole('button', { name: 'Open the log folder' }).count()).toBe(0)
  await page.getByLabel('What is logged').selectOption('Every detail')
  await page.getByLabel('Kept at most, in MiB').fill('5000')
  await page.getByText('Has to be 1000 or less.').waitFor()
  await expect.poll(() => page.getByRole('button', { name: 'Save', exact: true }).isDisabled()).toBe(true)
  await page.getByLabel('Kept at most, in MiB').fill('20')
  await page.getByText('Every connection stays up.').waitFor()
  await page.locator('.save-details summary').click()
  const changes = page.locator('.save-details')
  await changes.getByText('Every detail').waitFor()
  await changes.getByText('20 MiB').waitFor()
  await save(page)
  await page.getByText('Saved.').waitFor()
  expect(saved(opened)).toMatchObject({ logs: { level: 'debug', keepMiB: 20 } })
  expect(complaints).toEqual([])
})

test('the log is found by its path and in its folder, and why the choice does not count is said', async () => {
  const opened = await open(TEXT, { desktop: DESKTOP, logs: LOGS })
  const { api, page } = opened
  await page.getByText('/home/eve/.config/Sovereign Bridge/logs/bridge.log').waitFor()
  await page.getByRole('button', { name: 'Open the log folder' }).click()
  await expect.poll(() => callsOf(opened, 'openLogFolder')).toEqual([{}])
  api.answer('openLogFolder', () => {
    throw new AppError('desktop.cannot-open', '/home/eve/logs: No application is registered.')
  })
  await page.getByRole('button', { name: 'Open the log folder' }).click()
  await page.getByText('The folder could not be opened').waitFor()
  api.publish({ logs: { ...LOGS, level: 'debug', by: 'verbose' } })
  await page.getByText('it was started with --verbose').waitFor()
  expect(await seriousFindings(page)).toEqual([])
  api.publish({ logs: { ...LOGS, level: 'info', by: 'LOG_LEVEL' } })
  await page.getByText('LOG_LEVEL, which is info').waitFor()
  api.publish({ logs: { ...LOGS, level: 'error', by: 'terminal' } })
  await page.getByText('This run logs errors alone').waitFor()
})

test('without a desktop the switch for the login says why it is off', async () => {
  const { page } = await open()
  await expect.poll(() => page.getByLabel('Start when I log in').isDisabled()).toBe(true)
  await page.getByText('This bridge runs without a desktop.').waitFor()
})

test('a desktop is started at login at once, opens the file and looks for updates', async () => {
  const opened = await open(TEXT, { desktop: DESKTOP })
  const { page } = opened
  await page.getByLabel('Start when I log in').click()
  await expect.poll(() => callsOf(opened, 'setStartAtLogin')).toEqual([{ enabled: true }])
  await goTo(page, 'File')
  await page.getByRole('button', { name: 'Open the file' }).click()
  await expect.poll(() => callsOf(opened, 'openSettingsFile').length).toBe(1)
  await goTo(page, 'Updates')
  await page.getByRole('button', { name: 'Check for updates' }).click()
  await expect.poll(() => callsOf(opened, 'checkForUpdate').length).toBe(1)
  opened.api.publish({ desktop: { ...DESKTOP, update: { kind: 'available', version: '0.2.0' } } })
  await page.getByRole('button', { name: 'Download' }).click()
  opened.api.publish({
    desktop: { ...DESKTOP, update: { kind: 'downloading', version: '0.2.0', share: 0.42 } },
  })
  await page.getByText('42%').waitFor()
  opened.api.publish({ desktop: { ...DESKTOP, update: { kind: 'ready', version: '0.2.0' } } })
  await page.getByRole('button', { name: 'Restart and install' }).click()
  await expect.poll(() => callsOf(opened, 'installUpdate').length).toBe(2)
})
