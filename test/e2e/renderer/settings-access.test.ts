import { expect, test } from 'vitest'
import { seriousFindings } from '../../support/open-renderer.ts'
import { DESKTOP, goTo, settingsPages, TEXT } from './settings-pages.ts'

const open = settingsPages()

test('hostile names are text, whatever they hold', async () => {
  const hostile = '<img src=x onerror=alert(1)>\u202Egnp.exe'
  const text = JSON.stringify({ clients: [{ name: 'vm', ssh: hostile }] })
  const { page, complaints } = await open(text, {
    desktop: { ...DESKTOP, update: { kind: 'available', version: hostile } },
  })
  await goTo(page, 'Clients')
  await page.getByText('<img src=x onerror=alert(1)>�gnp.exe').first().waitFor()
  await goTo(page, 'Updates')
  await page.getByText('<img src=x').waitFor()
  await expect.poll(() => page.locator('main img').count()).toBe(0)
  expect(complaints).toEqual([])
})

test('nothing serious stands in the way of assistive technology, and 360 pixels are enough', async () => {
  const { page } = await open(TEXT, { desktop: DESKTOP }, { width: 360, height: 740 })
  const faults: string[] = []
  for (const section of ['General', 'Profiles', 'Relay', 'Clients', 'This computer', 'Updates', 'File']) {
    await goTo(page, section)
    if (section === 'Relay') await page.getByLabel('Port').fill('x')
    faults.push(...(await seriousFindings(page)).map((fault) => `${section}: ${fault}`))
    const overflow = 'document.documentElement.scrollWidth - document.documentElement.clientWidth'
    expect(await page.evaluate(overflow), section).toBe(0)
  }
  expect(faults).toEqual([])
})
