import { readFile } from 'node:fs/promises'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { AppError } from '../../../src/shared/errors/app-error.ts'
import type { BridgeState } from '../../../src/shared/state/bridge-state.ts'
import type { DesktopFacts } from '../../../src/shared/state/desktop.ts'
import type { LogsState } from '../../../src/shared/state/logs.ts'
import { makeClientState } from '../../support/make-bridge-state.ts'
import { makeSettingsApi, type SettingsApi } from '../../support/make-settings-api.ts'
import {
  type PageOptions,
  type RendererBrowser,
  seriousFindings,
  startRendererBrowser,
} from '../../support/open-renderer.ts'

let pages: RendererBrowser
beforeAll(async () => {
  pages = await startRendererBrowser()
})
afterEach(() => pages.closePages())
afterAll(() => pages.close())

const WORK = {
  name: 'work',
  relay: { ssh: 'pi', port: 8080 },
  clients: [
    { name: 'build-vm', ssh: 'build-vm' },
    { name: 'gpu-box', ssh: { host: '10.0.4.12', port: 2222, user: 'eve' } },
  ],
}
const TEXT = `// Mine.\n${JSON.stringify({ version: 1, profiles: [WORK, { name: 'home' }] }, null, 2)}\n`
const DESKTOP: DesktopFacts = {
  kind: 'desktop',
  platform: 'linux',
  startsAtLogin: false,
  hasTray: true,
  update: { kind: 'none', checkedAt: undefined },
}
const LOGS: LogsState = {
  level: 'warn',
  by: 'settings',
  file: '/home/eve/.config/Sovereign Bridge/logs/bridge.log',
}
const HOSTS = [
  { alias: 'pi', host: '10.0.0.9', user: 'eve', port: 22, source: '~/.ssh/config:4' },
  { alias: 'new-vm', host: '10.0.0.31', user: 'eve', port: 22, source: '~/.ssh/config:9' },
]

interface Opened extends SettingsApi {
  readonly page: Page
  readonly complaints: readonly string[]
}

async function open(
  text: string = TEXT,
  state: Partial<BridgeState> = {},
  options: PageOptions = {},
): Promise<Opened> {
  const settings = makeSettingsApi(text, { clients: [makeClientState({ name: 'build-vm' })], ...state })
  settings.api.answer('listSshHosts', () => ({ hosts: HOSTS }))
  const { page, complaints } = await pages.open(settings.api, { path: 'settings', ...options })
  await page.getByRole('heading', { name: 'Settings', level: 1 }).waitFor()
  await page.getByRole('navigation', { name: 'Sections' }).waitFor()
  return { ...settings, page, complaints }
}

async function goTo(page: Page, section: string): Promise<void> {
  const nav = page.getByRole('navigation', { name: 'Sections' })
  await nav.getByRole('button', { name: section, exact: true }).click()
}

const save = (page: Page): Promise<void> => page.getByRole('button', { name: 'Save', exact: true }).click()

function saved({ text }: SettingsApi): unknown {
  return JSON.parse(text().replace(/^\/\/.*\n/, ''))
}

function callsOf({ api }: SettingsApi, name: string): unknown[] {
  return api.calls.filter(([called]) => called === name).map(([, args]) => args)
}

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
  expect(await page.getByRole('region', { name: 'Unsaved changes' }).count()).toBe(0)
  expect(complaints).toEqual([])
})

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
  expect(await page.getByRole('button', { name: 'Open the log folder' }).count()).toBe(0)
  await page.getByLabel('What is logged').selectOption('Every detail')
  await page.getByLabel('Kept at most, in MiB').fill('5000')
  await page.getByText('Has to be 1000 or less.').waitFor()
  expect(await page.getByRole('button', { name: 'Save', exact: true }).isDisabled()).toBe(true)
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

test('Ctrl+S saves, and a change that is taken back is none', async () => {
  const opened = await open()
  const connect = opened.page.getByLabel('Connect when the bridge starts')
  await connect.uncheck()
  await connect.check()
  expect(await opened.page.getByRole('button', { name: 'Save' }).count()).toBe(0)
  await connect.uncheck()
  await opened.page.keyboard.press('Control+s')
  await expect.poll(() => callsOf(opened, 'saveSettings').length).toBe(1)
})

test('a mistake stands at its field as it is typed, and keeps Save shut', async () => {
  const { page } = await open()
  await goTo(page, 'Relay')
  await page.getByLabel('Port').fill('99999')
  await page.getByText('Has to be 65535 or less.').waitFor()
  expect(await page.getByLabel('Port').getAttribute('aria-invalid')).toBe('true')
  expect(await page.getByRole('button', { name: 'Save', exact: true }).isDisabled()).toBe(true)
  await goTo(page, 'General')
  await page.getByRole('button', { name: 'Show the first' }).click()
  await expect.poll(() => page.evaluate('document.activeElement.value')).toBe('99999')
  await page.getByLabel('Port').fill('9090')
  await page.getByText('The relay reconnects: it was pi, port 8080, it will be pi, port 9090.').waitFor()
  expect(await page.getByText('build-vm and gpu-box stay connected.').count()).toBe(1)
  expect(await page.getByRole('button', { name: 'Save', exact: true }).isDisabled()).toBe(false)
})

test('the proxy is given a tunnel that AWS starts, with rules, and each mistake stands at its field', async () => {
  const opened = await open()
  const { page, complaints } = opened
  await goTo(page, 'Proxy')
  await page.getByLabel('Through a tunnel server').check()
  expect(await page.getByLabel('There is a tunnel server').isDisabled()).toBe(true)
  expect(await page.getByRole('button', { name: 'Save', exact: true }).isDisabled()).toBe(true)
  await page.getByLabel('CA of the tunnel').fill('~/tunnel/ca.pem')
  await page.getByLabel('Certificate of this computer').fill('tunnel/laptop.pem')
  await page.getByText('Use an absolute path, or one that begins with ~/.').waitFor()
  await page.getByLabel('Certificate of this computer').fill('~/tunnel/laptop.pem')
  await page.getByLabel('Private key').fill('~/tunnel/laptop.key')
  await page.getByLabel('Starting and stopping it').selectOption('AWS, by its functions')
  for (const name of ['Wake', 'Query', 'Kill'])
    await page
      .getByLabel(`${name} function`)
      .fill(`https://${name.toLowerCase()}.lambda-url.eu-west-1.on.aws/`)
  for (const position of [1, 2]) {
    await page.getByRole('button', { name: 'Add rule' }).click()
    await page.getByRole('group', { name: `Rule ${position}` }).waitFor()
  }
  const rule = (position: number) => page.getByRole('group', { name: `Rule ${position}` })
  await rule(1).getByLabel('Hosts').fill('*.corp.example 10.0.0.0/8')
  await rule(2).getByLabel('Hosts').fill('ads.example')
  await rule(2).getByLabel('Way out').selectOption('Refused')
  await page.getByRole('button', { name: 'Move rule 2 up' }).click()
  await page.getByLabel('Private hosts that the proxy may reach').fill('nas.lan\nhttp://nas.lan/')
  await page.getByText('“http://nas.lan/”: Use a host name').waitFor()
  expect(await seriousFindings(page)).toEqual([])
  await page.getByLabel('Private hosts that the proxy may reach').fill('nas.lan')
  await page.getByText('The proxy of this computer goes out by its new settings.').waitFor()
  await save(page)
  await page.getByText('Saved.').waitFor()
  expect(saved(opened)).toMatchObject({
    profiles: [
      {
        egress: {
          use: 'mtls',
          rules: [
            { hosts: ['ads.example'], use: 'deny' },
            { hosts: ['*.corp.example', '10.0.0.0/8'], use: 'direct' },
          ],
          allowPrivate: ['nas.lan'],
          mtls: {
            ca: '~/tunnel/ca.pem',
            control: { kind: 'aws', wake: 'https://wake.lambda-url.eu-west-1.on.aws/' },
          },
        },
      },
      {},
    ],
  })
  expect(complaints).toEqual([])
})

test('a relay at a URL is given with its files, and another kind loses nothing of it', async () => {
  const opened = await open()
  const { page } = opened
  await goTo(page, 'Relay')
  await page.getByLabel('At a URL').check()
  await page.getByLabel('Address', { exact: true }).fill('https://relay.example.com')
  await page.getByLabel('Certificate of this bridge').fill('~/me.pem')
  await page.getByText('Needs the field “Private key” as well.').waitFor()
  await page.getByLabel('Private key').fill('~/me.key')
  await page.getByLabel('In this bridge').check()
  await page.getByLabel('At a URL').check()
  await save(page)
  await page.getByText('Saved.').waitFor()
  const relay = { url: 'https://relay.example.com', cert: '~/me.pem', key: '~/me.key' }
  expect(saved(opened)).toMatchObject({ profiles: [{ relay }, {}] })
})

test('a client is added from a host of the SSH config, changed, switched off and removed', async () => {
  const opened = await open()
  const { page } = opened
  await goTo(page, 'Clients')
  await page.getByRole('button', { name: 'Add client' }).click()
  const dialog = page.getByRole('dialog', { name: 'New client' })
  await dialog.getByLabel('Host').fill('new-vm')
  await dialog.getByText('eve@10.0.0.31, from ~/.ssh/config:9').waitFor()
  expect(await dialog.getByLabel('Name').inputValue()).toBe('new-vm')
  await dialog.getByLabel('Name').fill('build-vm')
  await dialog.getByText('This name is taken; give each its own.').waitFor()
  await dialog.getByRole('button', { name: 'Add client' }).click()
  await dialog.getByLabel('Name').fill('fresh')
  await dialog.getByRole('button', { name: 'Add client' }).click()
  await page.getByText('fresh connects.').waitFor()
  await page.getByLabel('build-vm is switched on').uncheck()
  await page.getByText('build-vm is disconnected, as it is switched off.').waitFor()
  await page.getByRole('button', { name: 'Remove gpu-box' }).click()
  await page.getByRole('button', { name: 'Undo' }).click()
  await page.getByRole('button', { name: 'Edit gpu-box' }).click()
  await page.getByRole('dialog').getByLabel('Port', { exact: true }).fill('22')
  await page.getByRole('dialog').getByRole('button', { name: 'Done' }).click()
  await save(page)
  await page.getByText('Saved.').waitFor()
  expect(saved(opened)).toMatchObject({
    profiles: [
      {
        clients: [
          { name: 'build-vm', enabled: false },
          { name: 'gpu-box', ssh: { host: '10.0.4.12', port: 22, user: 'eve' } },
          { name: 'fresh', ssh: 'new-vm', listen: '127.0.0.1:8080' },
        ],
      },
      {},
    ],
  })
})

test('profiles are switched, named, duplicated and deleted', async () => {
  const opened = await open()
  const { page } = opened
  await goTo(page, 'Profiles')
  await page.getByRole('button', { name: 'Duplicate work' }).click()
  await page.getByLabel('Name of profile 3').fill('office')
  await page.getByLabel('Use office').check()
  await page.getByRole('button', { name: 'Delete home' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
  await save(page)
  await page.getByText('Saved.').waitFor()
  const { clients } = WORK
  expect(saved(opened)).toMatchObject({
    activeProfile: 'office',
    profiles: [{ name: 'work' }, { name: 'office', clients: clients.map(({ name }) => ({ name })) }],
  })
})

test('leaving with unsaved changes asks; staying keeps them and discarding goes', async () => {
  const { page } = await open()
  await page.getByLabel('Connect when the bridge starts').uncheck()
  await page.getByRole('link', { name: 'Diagnostics' }).click()
  await page.getByRole('dialog', { name: 'Leave with unsaved changes?' }).waitFor()
  await page.getByRole('button', { name: 'Stay' }).click()
  expect(await page.getByLabel('Connect when the bridge starts').isChecked()).toBe(false)
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
  expect(await page.getByLabel('Connect when the bridge starts').isChecked()).toBe(false)
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
  expect(await page.getByLabel('Tell me when something needs me').isChecked()).toBe(true)
  expect(await page.getByLabel('Connect when the bridge starts').isChecked()).toBe(false)
})

test('the text of the file is judged line by line and saved as it is, with its comments', async () => {
  const opened = await open()
  const { page } = opened
  await goTo(page, 'File')
  const area = page.getByLabel('Text of the settings file')
  await area.fill('{\n  "clients": [\n    { "nam": "b", "ssh": "b" }\n  ]\n}')
  await page.getByText('unknown key; did you mean "name"?').waitFor()
  expect(await page.getByRole('button', { name: 'Save', exact: true }).isDisabled()).toBe(true)
  await page.getByRole('button', { name: 'Line 3' }).first().click()
  const selected =
    'document.activeElement.value.slice(document.activeElement.selectionStart, document.activeElement.selectionEnd)'
  expect(await page.evaluate(selected)).toBe('    { "nam": "b", "ssh": "b" }')
  await goTo(page, 'General')
  await page.getByText('The text of the file has unsaved changes').waitFor()
  expect(await page.getByLabel('Connect when the bridge starts').isDisabled()).toBe(true)
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
  expect(await apply.isDisabled()).toBe(true)
  await dialog.getByRole('button', { name: 'Cancel' }).click()
  await choose(' '.repeat(1_048_577))
  await dialog.getByText('larger than 1 MiB').waitFor()
  await dialog.getByRole('button', { name: 'Cancel' }).click()
  const good = JSON.stringify({ profiles: [{ ...WORK, relay: { embedded: true } }] })
  await choose(good)
  await dialog.getByText('The relay reconnects: it was pi, port 8080, it will be in this bridge.').waitFor()
  expect(await dialog.getByText('removed').count()).toBe(1)
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
  expect(await dialog.getByRole('button', { name: 'Import and save' }).isDisabled()).toBe(true)
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

test('without a desktop the switch for the login says why it is off', async () => {
  const { page } = await open()
  expect(await page.getByLabel('Start when I log in').isDisabled()).toBe(true)
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

test('ten thousand clients are shown a page at a time and found by a filter', async () => {
  const clients = Array.from({ length: 10_000 }, (_, index) => ({ name: `vm-${index}`, ssh: `vm-${index}` }))
  const { page } = await open(JSON.stringify({ clients }))
  await goTo(page, 'Clients')
  await page.getByText('50 of 10,000 shown').waitFor()
  await page.getByLabel('Filter clients').fill('vm-9876')
  await page.getByText('1 of 10,000 shown').waitFor()
  await page.getByLabel('vm-9876 is switched on').uncheck()
  await page.getByText('vm-9876 is disconnected').waitFor()
})

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
  expect(await page.locator('main img').count()).toBe(0)
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
