import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { makeSettingsApi, type SettingsApi } from '../../support/make-settings-api.ts'
import { rendererPages } from './renderer-pages.ts'

const pages = rendererPages()

const OLLAMA = { url: 'http://192.168.250.20:11434' }

async function open(profile: object): Promise<SettingsApi & { readonly page: Page }> {
  const text = JSON.stringify({ version: 1, profiles: [{ name: 'home', ...profile }] })
  const settings = makeSettingsApi(text, { clients: [] })
  settings.api.answer('listSshHosts', () => ({ hosts: [] }))
  const { page } = await pages.open(settings.api, { path: 'settings' })
  const nav = page.getByRole('navigation', { name: 'Sections' })
  await nav.getByRole('button', { name: 'This computer', exact: true }).click()
  await page.getByLabel('URL').waitFor()
  return { ...settings, page }
}

test('an Ollama is offered to clients by a tick, and by nothing else', async () => {
  const opened = await open({ relay: { embedded: true } })
  const { page } = opened
  const offer = page.getByLabel('Offer its models to clients')
  await expect.poll(() => offer.count()).toBe(0)
  await page.getByLabel('URL').fill(OLLAMA.url)
  await expect.poll(() => offer.isChecked()).toBe(false)
  await offer.check()
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await expect.poll(() => opened.text().includes('"offer"')).toBe(true)
  expect(JSON.parse(opened.text())).toMatchObject({ profiles: [{ ollama: { ...OLLAMA, offer: true } }] })
})

test('an address that needs its port is refused only where it is offered', async () => {
  const { page } = await open({ relay: { embedded: true }, ollama: { url: 'http://tower', offer: false } })
  const said = page.getByText(/without one it means port 80/)
  await expect.poll(() => said.count()).toBe(0)
  await page.getByLabel('Offer its models to clients').check()
  await said.waitFor()
  await expect.poll(() => page.getByRole('button', { name: 'Save', exact: true }).isDisabled()).toBe(true)
})

test('there is nothing to offer where the relay is elsewhere, or the Ollama is', async () => {
  const { page } = await open({ relay: { ssh: 'pi', port: 8080 }, ollama: OLLAMA })
  await expect.poll(() => page.getByLabel('Offer its models to clients').count()).toBe(0)
  const away = await open({ relay: { embedded: true }, ollama: { ...OLLAMA, via: 'tower' } })
  await expect.poll(() => away.page.getByLabel('Offer its models to clients').count()).toBe(0)
})
