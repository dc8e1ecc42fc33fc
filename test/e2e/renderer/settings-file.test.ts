import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { callsOf, goTo, save, settingsPages, TEXT, WORK } from './settings-pages.ts'

const open = settingsPages()

test('the text of the file is judged line by line and saved as it is, with its comments', async () => {
  const opened = await open()
  const { page } = opened
  await goTo(page, 'File')
  const area = page.getByLabel('Text of the settings file')
  await area.fill('{\n  "clients": [\n    { "nam": "b", "ssh": "b" }\n  ]\n}')
  await page.getByText('unknown key; did you mean "name"?').waitFor()
  await expect.poll(() => page.getByRole('button', { name: 'Save', exact: true }).isDisabled()).toBe(true)
  await page.getByRole('button', { name: 'Line 3' }).first().click()
  const selected =
    'document.activeElement.value.slice(document.activeElement.selectionStart, document.activeElement.selectionEnd)'
  await expect.poll(() => page.evaluate(selected)).toBe('    { "nam": "b", "ssh": "b" }')
  await goTo(page, 'General')
  await page.getByText('The text of the file has unsaved changes').waitFor()
  await expect.poll(() => page.getByLabel('Connect when the bridge starts').isDisabled()).toBe(true)
  await goTo(page, 'File')
  const text = '{\n  // Kept.\n  "clients": [{ "name": "b", "ssh": "b" }]\n}\n'
  await area.fill(text)
  await page.getByText('No mistakes').waitFor()
  await save(page)
  await page.getByText('Saved.').waitFor()
  expect(opened.text()).toBe(text)
})

test('a file with mistakes can only be edited as text until it is right', async () => {
  const opened = await open()
  opened.writeElsewhere('{ "connectAtStart": 1 }')
  await opened.page.reload()
  await opened.page.getByText('The settings file has mistakes').waitFor()
  await opened.page.getByRole('button', { name: 'Go to the file' }).click()
  await opened.page.getByText('has to be true or false').waitFor()
})

test('an import is checked, shows what changes, and is saved only then', async () => {
  const opened = await open()
  const { page } = opened
  await goTo(page, 'File')
  const choose = (text: string): Promise<void> =>
    page
      .locator('input[type=file]')
      .setInputFiles({ name: 'other.json', mimeType: 'application/json', buffer: Buffer.from(text) })
  const dialog = page.getByRole('dialog', { name: 'Import other.json' })
  const apply = dialog.getByRole('button', { name: 'Import and save' })
  await choose('{ "relay": 5 }')
  await dialog.getByText('This file cannot be used').waitFor()
  await expect.poll(() => apply.isDisabled()).toBe(true)
  await dialog.getByRole('button', { name: 'Cancel' }).click()
  await choose(' '.repeat(1_048_577))
  await dialog.getByText('larger than 1 MiB').waitFor()
  await dialog.getByRole('button', { name: 'Cancel' }).click()
  const good = JSON.stringify({ profiles: [{ ...WORK, relay: { embedded: true } }] })
  await choose(good)
  await dialog.getByText('The relay reconnects: it was pi, port 8080, it will be in this bridge.').waitFor()
  await expect.poll(() => dialog.getByText('removed').count()).toBe(1)
  expect(callsOf(opened, 'saveSettings')).toEqual([])
  await apply.click()
  await page.getByText('Saved.').waitFor()
  expect(opened.text()).toBe(good)
})

test('an import keeps every letter, whatever Unicode it was written in, and is refused where one would be lost', async () => {
  const opened = await open()
  const { page } = opened
  await goTo(page, 'File')
  const text = '{ "connectAtStart": false } // für mich\n'
  const dialog = page.getByRole('dialog', { name: 'Import other.json' })
  const choose = (buffer: Buffer): Promise<void> =>
    page
      .locator('input[type=file]')
      .setInputFiles({ name: 'other.json', mimeType: 'application/json', buffer })
  await choose(Buffer.from(text, 'latin1'))
  await dialog.getByText('The file is no UTF-8 text').waitFor()
  await expect.poll(() => dialog.getByRole('button', { name: 'Import and save' }).isDisabled()).toBe(true)
  await page.keyboard.press('Escape')
  for (const bytes of [Buffer.from(`\ufeff${text}`, 'utf16le'), Buffer.from(`\ufeff${text}`)]) {
    await choose(bytes)
    await dialog.getByRole('button', { name: 'Import and save' }).click()
    await dialog.waitFor({ state: 'detached' })
    expect(opened.text()).toBe(text)
  }
})

test('an export is the file as it is', async () => {
  const { page } = await open()
  await goTo(page, 'File')
  const download = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Export' }).click()
  expect((await download).suggestedFilename()).toBe('settings.json')
  expect(await readFile(await (await download).path(), 'utf8')).toBe(TEXT)
})
