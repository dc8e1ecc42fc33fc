import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { freePort } from '../../support/free-port.ts'
import { NO_WINDOWS, type RunningApp, startApp } from '../../support/start-app.ts'
import { startLoneHost } from '../../support/start-lone-host.ts'

const QUESTION = 'Check the unknown host key of'
const NEEDS_ANSWER = 'Sovereign Bridge needs an answer'

interface AskingOptions {
  readonly args?: readonly string[]
  readonly settings?: object
}

/** An app whose relay is on a host that is met for the first time. */
async function startAskingApp({ args = [], settings = {} }: AskingOptions = {}): Promise<RunningApp> {
  const { sshConfigFile } = await startLoneHost({ isKnown: false })
  return startApp({
    args: [...args, '--ssh-config', sshConfigFile],
    prepare: (home) =>
      writeFile(
        join(home, 'settings.json'),
        JSON.stringify({
          relay: { ssh: 'vm', port: 8080 },
          agent: { listen: `unix:${join(home, 'agent.sock')}` },
          ...settings,
        }),
      ),
  })
}

async function titles(app: RunningApp): Promise<string[]> {
  return (await app.view()).notifications.map(({ title }) => title)
}

async function closeWindows(app: RunningApp): Promise<void> {
  for (const { url } of (await app.view()).windows) await app.process.ask('closeWindow', url)
  await app.seen('desktop without windows', ({ windows }) => windows.length === 0)
}

/** Has the same question asked anew. */
async function askAgain(app: RunningApp): Promise<void> {
  await app.tray.click('Disconnect')
  await app.tray.click('Connect')
  await app.tray.with(QUESTION)
}

function save(page: Page, change: object): Promise<unknown> {
  return page.evaluate(`sovereign.getSettingsFile({}).then(({ result: { text, revision } }) =>
    sovereign.saveSettings({ text: JSON.stringify({ ...JSON.parse(text), ...${JSON.stringify(change)} }), revision }))`)
}

describe.skipIf(NO_WINDOWS ?? process.platform === 'win32')('a notification', () => {
  test('tells of a question, and a click on it opens the window where it is answered', async () => {
    const app = await startAskingApp({ args: ['--hidden'] })
    await app.tray.with(QUESTION)
    const { notifications, windows } = await app.view()
    expect(notifications).toEqual([{ title: NEEDS_ANSWER, body: 'Is this the host key of 127.0.0.1?' }])
    expect(windows).toEqual([])
    await app.process.ask('clickNotification', NEEDS_ANSWER)
    const page = await app.window('#/prompts')
    await page.getByText('SHA256:').first().waitFor()
  })

  test('does not come while a window is in front', async () => {
    const app = await startAskingApp({ settings: { connectAtStart: false } })
    await app.window()
    await app.seen('window in front', ({ windows }) => windows.some(({ isFocused }) => isFocused))
    await app.tray.click('Connect')
    await app.tray.with(QUESTION)
    expect(await titles(app)).toEqual([])
    await closeWindows(app)
    expect(await titles(app)).toEqual([])
    await askAgain(app)
    expect(await titles(app)).toEqual([NEEDS_ANSWER])
  })

  test('does not come where they are switched off, and comes as soon as they are switched on', async () => {
    const app = await startAskingApp({ args: ['--hidden'], settings: { notifications: false } })
    await app.tray.with(QUESTION)
    expect(await titles(app)).toEqual([])
    await app.tray.click('Open dashboard')
    await save(await app.window(), { notifications: true })
    await closeWindows(app)
    await askAgain(app)
    expect(await titles(app)).toEqual([NEEDS_ANSWER])
  })
})

test('a client that is away for a moment is nobody told of, and one that stays away is', async () => {
  const { sshd, sshConfigFile } = await startLoneHost()
  const port = await freePort()
  const app = await startApp({
    args: ['--hidden', '--ssh-config', sshConfigFile],
    prepare: (home) =>
      writeFile(
        join(home, 'settings.json'),
        JSON.stringify({
          clients: [{ name: 'vm', ssh: 'vm', listen: `127.0.0.1:${port}` }],
          agent: { listen: `unix:${join(home, 'agent.sock')}` },
        }),
      ),
  })
  await app.tray.with('vm: connected, ready')
  await sshd.stop()
  await app.tray.with('vm: connecting again')
  await sshd.start()
  await app.tray.with('vm: connected, ready')
  expect(await titles(app)).toEqual([])
  await sshd.stop()
  await app.tray.with('vm: connecting again')
  // Just then it may wait for its next try, or be trying.
  const lasting = expect.stringMatching(/^(?:Not working for|Still connecting) vm$/)
  await expect.poll(() => titles(app), { timeout: 60_000 }).toEqual([lasting])
}, 120_000)
