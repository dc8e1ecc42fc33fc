import { readFile, writeFile } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { MenuLine, TrayView } from '../../support/electron/record-desktop.ts'
import { freePort } from '../../support/free-port.ts'
import { startTcpServer } from '../../support/make-link.ts'
import { IS_ELECTRON, NO_WINDOWS, type RunningApp, startApp } from '../../support/start-app.ts'
import { startLoneHost } from '../../support/start-lone-host.ts'
import { accepts } from '../../support/start-sshd.ts'

const HIDDEN = ['--hidden']

function labels({ menu }: TrayView): string[] {
  return menu.map(({ label, type }) => (type === 'separator' ? '--' : label))
}

async function lineOf(app: RunningApp, words: string): Promise<MenuLine | undefined> {
  const { menu } = await app.tray.with(words)
  return menu.find(({ label }) => label.includes(words))
}

test('the menu is whole when connected, and has what is left to do when disconnected', async () => {
  const app = await startApp({ args: HIDDEN })
  const connected = await app.tray.with('Usage this month: no requests yet')
  expect(labels(connected)).toEqual([
    'Connected, but the relay is not signed in',
    '--',
    'Disconnect',
    '--',
    'The built-in relay: connected, not signed in',
    expect.stringMatching(/^This computer: ready on unix:/),
    '--',
    'Usage this month: no requests yet',
    '--',
    'Open dashboard',
    'Sign in to GitHub Copilot…',
    'Settings…',
    'Diagnostics…',
    '--',
    'Connect at start',
    '--',
    'Disconnect and quit',
  ])
  await app.tray.click('Disconnect')
  expect(labels(await app.tray.with('Disconnected'))).toEqual([
    'Disconnected',
    '--',
    'Connect',
    '--',
    'Open dashboard',
    'Settings…',
    'Diagnostics…',
    '--',
    'Connect at start',
    '--',
    'Quit',
  ])
  await app.tray.click('Connect')
  await app.tray.with('The built-in relay: connected')
})

test('a client is switched off and on again in the menu, and its port on the host goes and comes', async () => {
  const { sshd, sshConfigFile } = await startLoneHost()
  const port = await freePort()
  const clients = [{ name: 'vm', ssh: 'vm', listen: `127.0.0.1:${port}` }]
  const app = await startApp({
    args: [...HIDDEN, '--ssh-config', sshConfigFile],
    prepare: (home) =>
      writeFile(
        join(home, 'settings.json'),
        JSON.stringify({ clients, agent: { listen: `unix:${join(home, 'agent.sock')}` } }),
      ),
  })
  const ready = `vm: connected, ready on 127.0.0.1:${port}`
  expect(await lineOf(app, ready)).toMatchObject({ type: 'checkbox', checked: true })
  await app.tray.click(ready)
  expect(await lineOf(app, 'vm: switched off')).toMatchObject({ checked: false })
  await expect.poll(() => accepts(sshd.host, port)).toBe(false)
  await app.tray.click('vm: switched off')
  expect(await lineOf(app, ready)).toMatchObject({ checked: true })
  expect(await accepts(sshd.host, port)).toBe(true)
})

test('the relay is switched off and on again in the menu, and nothing is wrong meanwhile', async () => {
  const app = await startApp({ args: HIDDEN })
  const ready = 'The built-in relay: connected, not signed in'
  expect(await lineOf(app, ready)).toMatchObject({ type: 'checkbox', checked: true })
  await app.tray.click(ready)
  const off = 'The built-in relay: switched off'
  expect(await lineOf(app, off)).toMatchObject({ checked: false })
  const { icon, menu } = await app.tray.with('The relay is switched off')
  expect(icon).toMatch(/^disconnected/)
  expect(menu.map(({ label }) => label)).toContain('Disconnect')
  await app.tray.click(off)
  expect(await lineOf(app, ready)).toMatchObject({ checked: true })
})

test('another profile is chosen in the menu, its relay follows, and the settings keep it', async () => {
  const app = await startApp({
    args: HIDDEN,
    prepare: (home) =>
      writeFile(
        join(home, 'settings.json'),
        `{
  "profiles": [ // mine
    { "name": "here", "agent": { "listen": "unix:${join(home, 'agent.sock')}" } },
    { "name": "away", "agent": { "listen": "unix:${join(home, 'agent.sock')}" }, "relay": { "url": "http://127.0.0.1:1" } }
  ]
}`,
      ),
  })
  await app.tray.with('The built-in relay: connected')
  expect(await lineOf(app, 'Profile: here')).toMatchObject({ type: 'submenu' })
  expect(await lineOf(app, 'here: the built-in relay')).toMatchObject({ type: 'radio', checked: true })
  await app.tray.click('away: the relay http://127.0.0.1:1')
  expect(await lineOf(app, 'Profile: away')).toBeDefined()
  expect(await lineOf(app, 'away: the relay')).toMatchObject({ checked: true })
  expect(await lineOf(app, 'here: the built-in relay')).toMatchObject({ checked: false })
  await app.tray.with('The relay http://127.0.0.1:1: not answering')
  expect((await app.view()).tray?.menu.filter(({ label }) => label.startsWith('Usage'))).toEqual([])
  const text = await readFile(join(app.home, 'settings.json'), 'utf8')
  expect(text).toContain('// mine')
  expect(text).toMatch(/"activeProfile": "away"/)
})

test('what the menu copies is where the relay answers', async () => {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const app = await startApp({ args: HIDDEN, settings: { agent: { listen: `127.0.0.1:${port}` } } })
  await app.tray.with('connected, not signed in')
  const copied = async (label: string): Promise<string> => {
    await app.tray.click(label)
    return (await app.view()).copied
  }
  expect(await copied(`OpenAI base URL: ${url}/v1`)).toBe(`${url}/v1`)
  expect(await copied(`Set-up command: curl -fsSL ${url}/setup | bash`)).toBe(
    `curl -fsSL ${url}/setup | bash`,
  )
  const base = await copied(`Anthropic base URL: ${url}`)
  expect((await fetch(`${base}/health`)).status).toBe(200)
})

test('connecting at start is written into the settings file, whose comments stay, and counts at the next start', async () => {
  const app = await startApp({
    args: HIDDEN,
    prepare: (home) =>
      writeFile(
        join(home, 'settings.json'),
        `{\n  // in my home\n  "agent": { "listen": "unix:${join(home, 'agent.sock')}" }, // mine\n}\n`,
      ),
  })
  const file = join(app.home, 'settings.json')
  await app.tray.with('connected, not signed in')
  expect(await lineOf(app, 'Connect at start')).toMatchObject({ checked: true })
  await app.tray.click('Connect at start')
  // The desktop takes the tick away before the file is written.
  await expect.poll(() => readFile(file, 'utf8')).toContain('"connectAtStart": false')
  const after = await readFile(file, 'utf8')
  for (const comment of ['// in my home', '// mine']) expect(after).toContain(comment)
  await app.tray.with('connected, not signed in')
  expect(await app.quit()).toBe(0)
  const again = await startApp({ home: app.home, args: HIDDEN })
  await again.tray.with('Disconnected')
  expect(await lineOf(again, 'Connect at start')).toMatchObject({ checked: false })
})

test.skipIf(IS_ELECTRON || process.platform !== 'linux')(
  'start at login writes the entry that desktops read, and takes it away again',
  async () => {
    const app = await startApp({ args: HIDDEN, env: { SOVEREIGN_E2E_PACKAGED: '1' } })
    const entry = join(app.home, '.config/autostart/sovereign-bridge.desktop')
    const written = (): Promise<string | undefined> =>
      readFile(entry, 'utf8').catch(({ code }: NodeJS.ErrnoException) => code)
    expect(await lineOf(app, 'Start at login')).toMatchObject({ checked: false })
    await app.tray.click('Start at login')
    await expect.poll(written).toContain(`\nExec="${process.execPath}" --hidden\n`)
    expect(await app.quit()).toBe(0)
    const again = await startApp({ home: app.home, args: HIDDEN, env: { SOVEREIGN_E2E_PACKAGED: '1' } })
    expect(await lineOf(again, 'Start at login')).toMatchObject({ checked: true })
    await again.tray.click('Start at login')
    await expect.poll(written).toBe('ENOENT')
  },
)

describe.skipIf(NO_WINDOWS)('views of the window', () => {
  test('open where the menu says', async () => {
    const app = await startApp({ args: HIDDEN })
    await app.tray.click('Diagnostics…')
    await app.window('#/diagnostics')
    await app.tray.click('Settings…')
    await app.window('#/settings')
    expect((await app.view()).windows).toHaveLength(1)
  })

  test('take the badge off the icon that what happened without them has put there', async () => {
    const silent = new Set<Socket>()
    const { port } = await startTcpServer((socket) => silent.add(socket), onTestFinished)
    const app = await startApp()
    const page = await app.window()
    const order = { kind: 'test-relay', ssh: `nobody@127.0.0.1:${port}`, port: 8080 }
    await page.evaluate(`sovereign.startJob({ order: ${JSON.stringify(order)} })`)
    for (const { url } of (await app.view()).windows) await app.process.ask('closeWindow', url)
    await app.seen('desktop without windows', ({ windows }) => windows.length === 0)
    await expect.poll(() => silent.size).toBeGreaterThan(0)
    for (const socket of silent) socket.destroy()
    const news = `New: the test of the relay on nobody@127.0.0.1:${port} has failed`
    const { icon, tooltip } = await app.tray.with(news)
    expect([icon, tooltip]).toEqual([expect.stringContaining('-badge'), expect.stringContaining(news)])
    await app.tray.click(news)
    await app.seen('icon without a badge', ({ tray }) => tray?.icon.includes('-badge') === false)
    expect((await app.view()).tray?.menu.map(({ label }) => label)).not.toContain(news)
  })
})
