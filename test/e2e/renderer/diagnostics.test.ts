import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { AppError } from '../../../src/shared/errors/app-error.ts'
import type { Check, Report } from '../../../src/shared/protocol/diagnostics.ts'
import { type FakeBridgeApi, fakeBridgeApi } from '../../support/fake-bridge-api.ts'
import { type OpenedPage, type PageOptions, seriousFindings } from '../../support/open-renderer.ts'
import { rendererPages } from './renderer-pages.ts'

const pages = rendererPages()

const CHECKS: readonly Check[] = [
  {
    id: 'keychain',
    title: 'Keychain',
    status: 'warning',
    detail: 'No answer.',
    fix: 'Install gnome-keyring.',
  },
  { id: 'relay.reach', title: 'Relay', status: 'ok', detail: 'It answered after 12 ms.' },
  {
    id: 'client.vm.path',
    title: 'Path from vm',
    status: 'failed',
    detail: 'nginx is there.',
    fix: 'Stop nginx.',
  },
  { id: 'client.old.path', title: 'Path from old', status: 'skipped', detail: 'It is switched off.' },
]
const ZIP = 'UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA=='
const REPORT: Report = {
  fileName: 'sovereign-bridge-report.zip',
  zipBase64: ZIP,
  files: [
    { name: 'about.txt', text: 'Sovereign Bridge 0.1.0\n', redactions: 0 },
    {
      name: 'bridge.log',
      text: Array.from({ length: 1000 }, (_, line) =>
        line % 100 === 0 ? `cut ${line}` : `served ${line}`,
      ).join('\n'),
      redactions: 37,
    },
  ],
}

interface Opened extends OpenedPage {
  readonly api: FakeBridgeApi
}

async function open(checks: readonly Check[] = CHECKS, options: PageOptions = {}): Promise<Opened> {
  const api = fakeBridgeApi()
  api.answer('runChecks', () => ({ at: Date.now(), checks }))
  api.answer('makeReport', () => REPORT)
  const opened = await pages.open(api, { path: 'diagnostics', ...options })
  return { ...opened, api }
}

test('what needs somebody comes first, with what to do; the rest is folded by group', async () => {
  const { page, complaints } = await open()
  await page.getByText('1 failed, 1 warning, 1 in order, 1 skipped').waitFor()
  const problems = page.getByRole('region', { name: 'What needs you' }).getByRole('listitem')
  await expect
    .poll(() => problems.allTextContents())
    .toEqual([
      'FailedPath from vmnginx is there.What to do: Stop nginx.',
      'WarningKeychainNo answer.What to do: Install gnome-keyring.',
    ])
  await expect.poll(() => page.getByText('It answered after 12 ms.').isVisible()).toBe(false)
  await page.getByText('Relay', { exact: true }).first().click()
  await page.getByText('It answered after 12 ms.').waitFor()
  expect(complaints).toEqual([])
})

test('running again keeps the last results in sight until the new ones are there', async () => {
  const { page, api } = await open()
  await page.getByText('nginx is there.').waitFor()
  const { promise, resolve } = Promise.withResolvers<object>()
  api.answer('runChecks', () => promise)
  await page.getByRole('button', { name: 'Run again' }).click()
  await expect.poll(() => page.getByText('nginx is there.').isVisible()).toBe(true)
  resolve({ at: Date.now(), checks: CHECKS.filter(({ id }) => id === 'relay.reach') })
  await page.getByText('Everything that was looked at is in order').waitFor()
  await expect.poll(() => page.getByText('nginx is there.').count()).toBe(0)
})

test('checks that cannot be run say why', async () => {
  const api = fakeBridgeApi()
  api.answer('runChecks', () => {
    throw new AppError('api.busy', 'Too much is asked at once.')
  })
  const { page } = await pages.open(api, { path: 'diagnostics' })
  await page.getByText('Too much is asked at once.').waitFor()
  await expect.poll(() => page.getByRole('button', { name: 'Run again' }).isEnabled()).toBe(true)
})

test('the checks are copied as text', async () => {
  const { page } = await open()
  await page.getByRole('button', { name: 'Copy as text' }).click()
  await page.getByRole('button', { name: 'Copied' }).waitFor()
  await expect
    .poll(() => page.evaluate('navigator.clipboard.readText()'))
    .toMatch(
      /^Sovereign Bridge 0\.1\.0, checks of .*\n1 failed, .*\n\n\[Failed\] Path from vm: nginx is there\./,
    )
})

test('a report is shown before it can be saved, file by file, and saved as it was made', async () => {
  const { page } = await open()
  await expect.poll(() => page.getByRole('button', { name: 'Save as zip' }).count()).toBe(0)
  await page.getByRole('button', { name: 'Make a report' }).click()
  await page.getByText('37 values taken out in all').waitFor()
  await expect
    .poll(() => page.getByRole('region', { name: 'Text of about.txt' }).textContent())
    .toBe('1Sovereign Bridge 0.1.0')
  await page.getByRole('button', { name: 'bridge.log' }).click()
  await page.getByText('1,000 lines', { exact: true }).waitFor()
  await page.getByRole('button', { name: 'Show 500 more lines' }).click()
  await page.getByText('served 999').waitFor()
  await page.getByLabel('Search in this file').fill('CUT')
  await page.getByText('10 of 1,000 lines').waitFor()
  await expect
    .poll(() => page.locator('mark').allTextContents())
    .toEqual(Array.from({ length: 10 }, () => 'cut'))
  const download = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Save as zip' }).click()
  expect((await download).suggestedFilename()).toBe('sovereign-bridge-report.zip')
  expect((await readFile(await (await download).path())).toString('base64')).toBe(ZIP)
})

test('the bridge is told at a glance, with what a person can use', async () => {
  const { page } = await open()
  const bridge = page.getByRole('region', { name: 'Bridge' })
  await bridge.getByText('0.1.0').waitFor()
  const facts = await bridge.getByRole('term').allTextContents()
  expect(facts).toEqual(['Version', 'Running for', 'Profile', 'Wanted'])
})

test('ten thousand checks with hostile words are a page at a time, and text', async () => {
  const hostile = '<script>alert(1)</script>\u202E'
  const many = Array.from(
    { length: 10_000 },
    (_, index): Check => ({
      id: `x.${index}`,
      title: hostile,
      status: 'failed',
      detail: 'x'.repeat(2000),
    }),
  )
  const { page, complaints } = await open(many)
  await page.getByText('10,000 things need you').waitFor()
  const problems = page.getByRole('region', { name: 'What needs you' }).getByRole('listitem')
  await expect.poll(() => problems.count()).toBe(50)
  await expect.poll(() => problems.first().textContent()).toContain('<script>alert(1)</script>�')
  await page.getByRole('button', { name: 'Show 50 more' }).click()
  await expect.poll(() => problems.count()).toBe(100)
  expect(complaints).toEqual([])
})

test.each(['light', 'dark'] as const)(
  'nothing serious stands in the way of assistive technology, and 360 pixels are enough (%s)',
  async (scheme) => {
    const { page } = await open(CHECKS, { isDark: scheme === 'dark', width: 360, height: 740 })
    await page.getByRole('button', { name: 'Make a report' }).click()
    await page.getByRole('button', { name: 'bridge.log' }).click()
    await page.getByLabel('Search in this file').fill('cut')
    await page.locator('mark').first().waitFor()
    expect(await seriousFindings(page)).toEqual([])
    const overflow = 'document.documentElement.scrollWidth - document.documentElement.clientWidth'
    expect(await page.evaluate(overflow)).toBe(0)
  },
)
