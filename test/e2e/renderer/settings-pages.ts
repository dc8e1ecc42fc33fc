import type { Page } from 'playwright-core'
import type { BridgeState } from '../../../src/shared/state/bridge-state.ts'
import type { DesktopFacts } from '../../../src/shared/state/desktop.ts'
import { makeClientState } from '../../support/make-bridge-state.ts'
import { makeSettingsApi, type SettingsApi } from '../../support/make-settings-api.ts'
import type { PageOptions } from '../../support/open-renderer.ts'
import { rendererPages } from './renderer-pages.ts'

export const WORK = {
  name: 'work',
  relay: { ssh: 'pi', port: 8080 },
  clients: [
    { name: 'build-vm', ssh: 'build-vm' },
    { name: 'gpu-box', ssh: { host: '10.0.4.12', port: 2222, user: 'eve' } },
  ],
}
export const TEXT = `// Mine.\n${JSON.stringify({ version: 1, profiles: [WORK, { name: 'home' }] }, null, 2)}\n`
export const DESKTOP: DesktopFacts = {
  kind: 'desktop',
  platform: 'linux',
  startsAtLogin: false,
  hasTray: true,
  update: { kind: 'none', checkedAt: undefined },
}

const HOSTS = [
  { alias: 'pi', host: '10.0.0.9', user: 'eve', port: 22, source: '~/.ssh/config:4' },
  { alias: 'new-vm', host: '10.0.0.31', user: 'eve', port: 22, source: '~/.ssh/config:9' },
]

interface Opened extends SettingsApi {
  readonly page: Page
  readonly complaints: readonly string[]
}

/** What opens the settings page of a file of tests, over a settings file with this text. */
export function settingsPages() {
  const pages = rendererPages()
  return async (
    text: string = TEXT,
    state: Partial<BridgeState> = {},
    options: PageOptions = {},
  ): Promise<Opened> => {
    const settings = makeSettingsApi(text, { clients: [makeClientState({ name: 'build-vm' })], ...state })
    settings.api.answer('listSshHosts', () => ({ hosts: HOSTS }))
    const { page, complaints } = await pages.open(settings.api, { path: 'settings', ...options })
    await page.getByRole('heading', { name: 'Settings', level: 1 }).waitFor()
    await page.getByRole('navigation', { name: 'Sections' }).waitFor()
    return { ...settings, page, complaints }
  }
}

export async function goTo(page: Page, section: string): Promise<void> {
  const nav = page.getByRole('navigation', { name: 'Sections' })
  await nav.getByRole('button', { name: section, exact: true }).click()
}

export const save = (page: Page): Promise<void> =>
  page.getByRole('button', { name: 'Save', exact: true }).click()

export function saved({ text }: SettingsApi): unknown {
  return JSON.parse(text().replace(/^\/\/.*\n/, ''))
}

export function callsOf({ api }: SettingsApi, name: string): unknown[] {
  return api.calls.filter(([called]) => called === name).map(([, args]) => args)
}
