import { execFile } from 'node:child_process'
import { chmod, copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Locator, Page } from 'playwright-core'
import { describe, expect, onTestFinished, test } from 'vitest'
import { freePort } from '../../support/free-port.ts'
import { NO_WINDOWS, quietSettings, type RunningApp, startApp } from '../../support/start-app.ts'
import { startSshd } from '../../support/start-sshd.ts'

const run = promisify(execFile)
const PASSPHRASE = 'correct horse battery staple'
const PATIENCE = { timeout: 30_000 }

const lockedKey = (home: string): string => join(home, '.ssh/id_locked')

/** An app with one client machine, which is reached with a key that has a passphrase. */
async function startWithLockedKey(): Promise<RunningApp> {
  const vm = await startSshd({ teardown: onTestFinished })
  const listen = `127.0.0.1:${await freePort()}`
  return startApp({
    prepare: async (home) => {
      await mkdir(join(home, '.ssh'), { mode: 0o700 })
      await copyFile(vm.clientKeyFile, lockedKey(home))
      await chmod(lockedKey(home), 0o600)
      await changePassphrase(home, '', PASSPHRASE)
      const host = [
        'Host vm',
        `  HostName ${vm.host}`,
        `  Port ${vm.port}`,
        `  User ${vm.userName}`,
        `  IdentityFile ${lockedKey(home)}`,
        '  IdentitiesOnly yes',
        `  UserKnownHostsFile ${vm.knownHostsFile}`,
      ]
      await writeFile(join(home, '.ssh/config'), `${host.join('\n')}\n`, { mode: 0o600 })
      const { profiles } = quietSettings(home) as { profiles: object[] }
      const clients = [{ name: 'vm', ssh: 'vm', listen }]
      const settings = { secrets: 'file', profiles: [{ ...profiles[0], clients }] }
      await writeFile(join(home, 'settings.json'), JSON.stringify(settings))
    },
  })
}

async function changePassphrase(home: string, from: string, to: string): Promise<void> {
  await run('ssh-keygen', ['-q', '-p', '-P', from, '-N', to, '-f', lockedKey(home)])
}

const question = (page: Page): Locator => page.getByRole('dialog', { name: 'Passphrase of your key' })

async function type(page: Page, passphrase: string): Promise<void> {
  await question(page).getByLabel('Passphrase', { exact: true }).fill(passphrase, PATIENCE)
  await page.keyboard.press('Enter')
}

async function kept({ home }: RunningApp): Promise<string> {
  return await readFile(join(home, 'secrets-not-encrypted.json'), 'utf8').catch(() => '')
}

async function isConnected(app: RunningApp): Promise<void> {
  await app.tray.with('vm: connected')
}

describe.skipIf(NO_WINDOWS)('the passphrase of a key', () => {
  test('can be wrong, put off and typed again, and is remembered only when that is wanted', async () => {
    const app = await startWithLockedKey()
    const page = await app.window()
    await type(page, 'wrong')
    await question(page).getByText('That was not it. Try 2.').waitFor(PATIENCE)
    await page.keyboard.press('Escape')
    await page.getByText('was cancelled.').waitFor(PATIENCE)
    await app.tray.click('Retry now')
    for (const attempt of [2, 3]) {
      await type(page, 'wrong')
      await question(page).getByText(`That was not it. Try ${attempt}.`).waitFor(PATIENCE)
    }
    await type(page, 'wrong')
    await page.getByText('Connect again and type the passphrase of that key file.').waitFor(PATIENCE)

    await app.tray.click('Retry now')
    await type(page, PASSPHRASE)
    await isConnected(app)
    expect(await kept(app)).not.toContain(PASSPHRASE)
    expect(app.log()).not.toContain(PASSPHRASE)
  }, 90_000)

  test('that is remembered is not asked for again, and forgotten once it opens the key no more', async () => {
    const app = await startWithLockedKey()
    const page = await app.window()
    await question(page).getByLabel('Remember it').check(PATIENCE)
    await type(page, PASSPHRASE)
    await isConnected(app)
    await expect.poll(() => kept(app), PATIENCE).toContain(PASSPHRASE)
    expect(await app.quit()).toBe(0)

    const again = await startApp({ home: app.home, args: ['--hidden'] })
    await isConnected(again)
    expect((await again.view()).notifications).toEqual([])
    expect(await again.quit()).toBe(0)

    await changePassphrase(app.home, PASSPHRASE, 'another one')
    const third = await startApp({ home: app.home, args: ['--hidden'] })
    await third.seen('question', ({ notifications }) => notifications.length > 0)
    await third.tray.click('Open dashboard')
    await type(await third.window(), 'another one')
    await isConnected(third)
    expect(await kept(third)).not.toContain(PASSPHRASE)
  }, 90_000)
})
