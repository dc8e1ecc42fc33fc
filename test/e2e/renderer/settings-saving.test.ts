import { expect, test } from 'vitest'
import { callsOf, goTo, save, saved, settingsPages } from './settings-pages.ts'

const open = settingsPages()

test('a change is saved with the revision that was read, and the bar goes', async () => {
  const opened = await open()
  const { page, complaints } = opened
  await page.getByLabel('Tell me when something needs me').uncheck()
  await page.getByText('Every connection stays up.').waitFor()
  await save(page)
  await page.getByText('Saved. The bridge uses it now.').waitFor()
  expect(saved(opened)).toMatchObject({
    notifications: false,
    profiles: [{ name: 'work' }, { name: 'home' }],
  })
  await expect.poll(() => page.getByRole('region', { name: 'Unsaved changes' }).count()).toBe(0)
  expect(complaints).toEqual([])
})

test('Ctrl+S saves, and a change that is taken back is none', async () => {
  const opened = await open()
  const connect = opened.page.getByLabel('Connect when the bridge starts')
  await connect.uncheck()
  await connect.check()
  await expect.poll(() => opened.page.getByRole('button', { name: 'Save' }).count()).toBe(0)
  await connect.uncheck()
  await opened.page.keyboard.press('Control+s')
  await expect.poll(() => callsOf(opened, 'saveSettings').length).toBe(1)
})

test('a mistake stands at its field as it is typed, and keeps Save shut', async () => {
  const { page } = await open()
  await goTo(page, 'Relay')
  await page.getByLabel('Port').fill('99999')
  await page.getByText('Has to be 65535 or less.').waitFor()
  await expect.poll(() => page.getByLabel('Port').getAttribute('aria-invalid')).toBe('true')
  await expect.poll(() => page.getByRole('button', { name: 'Save', exact: true }).isDisabled()).toBe(true)
  await goTo(page, 'General')
  await page.getByRole('button', { name: 'Show the first' }).click()
  await expect.poll(() => page.evaluate('document.activeElement.value')).toBe('99999')
  await page.getByLabel('Port').fill('9090')
  await page.getByText('The relay reconnects: it was pi, port 8080, it will be pi, port 9090.').waitFor()
  await expect.poll(() => page.getByText('build-vm and gpu-box stay connected.').count()).toBe(1)
  await expect.poll(() => page.getByRole('button', { name: 'Save', exact: true }).isDisabled()).toBe(false)
})

test('leaving with unsaved changes asks; staying keeps them and discarding goes', async () => {
  const { page } = await open()
  await page.getByLabel('Connect when the bridge starts').uncheck()
  await page.getByRole('link', { name: 'Diagnostics' }).click()
  await page.getByRole('dialog', { name: 'Leave with unsaved changes?' }).waitFor()
  await page.getByRole('button', { name: 'Stay' }).click()
  await expect.poll(() => page.getByLabel('Connect when the bridge starts').isChecked()).toBe(false)
  expect(new URL(page.url()).hash).toBe('#/settings')
  await page.getByRole('link', { name: 'Diagnostics' }).click()
  await page.getByRole('button', { name: 'Discard and leave' }).click()
  await page.getByRole('heading', { name: 'Diagnostics', level: 1 }).waitFor()
})

test('the Back button asks as well', async () => {
  const { page } = await open()
  await page.getByRole('link', { name: 'Diagnostics' }).click()
  await page.getByRole('link', { name: 'Settings' }).click()
  await page.getByLabel('Connect when the bridge starts').uncheck()
  await page.goBack()
  await page.getByRole('button', { name: 'Stay' }).click()
  expect(new URL(page.url()).hash).toBe('#/settings')
  await expect.poll(() => page.getByLabel('Connect when the bridge starts').isChecked()).toBe(false)
})

test('the focus is not lost with the button that saved', async () => {
  const { page } = await open()
  await page.getByLabel('Connect when the bridge starts').uncheck()
  await page.getByRole('button', { name: 'Save', exact: true }).focus()
  await page.keyboard.press('Enter')
  await page.getByText('Saved.').waitFor()
  await expect.poll(() => page.evaluate('document.activeElement.className')).toBe('settings-content')
})

test('a file that somebody else has changed is not written over unasked', async () => {
  const opened = await open()
  const { page } = opened
  const theirs = '{ "connectAtStart": false }'
  await page.getByLabel('Tell me when something needs me').uncheck()
  opened.writeElsewhere(theirs)
  await save(page)
  const notice = page.getByRole('alert').filter({ hasText: 'The settings file was changed meanwhile' })
  await notice.waitFor()
  expect(opened.text()).toBe(theirs)
  await notice.getByRole('button', { name: 'Save mine over it' }).click()
  await page.getByText('Saved.').waitFor()
  expect(saved(opened)).toMatchObject({ notifications: false, connectAtStart: true })
})

test('loading the file of somebody else drops what was changed here and says that it is not in use yet', async () => {
  const opened = await open()
  const { page } = opened
  await page.getByLabel('Tell me when something needs me').uncheck()
  opened.writeElsewhere('{ "connectAtStart": false }')
  await save(page)
  await page.getByRole('button', { name: 'Load the new file, drop my changes' }).click()
  await page.getByText('The file says something else than what runs').waitFor()
  await expect.poll(() => page.getByLabel('Tell me when something needs me').isChecked()).toBe(true)
  await expect.poll(() => page.getByLabel('Connect when the bridge starts').isChecked()).toBe(false)
})
