import { readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { describe, expect, onTestFinished, test } from 'vitest'
import { buildEdition } from '../../../scripts/build.ts'
import { defaultSettingsPath } from '../../../src/main/settings/settings-path.ts'
import { adminRequest } from '../../../src/node/admin-client.ts'
import { VERSION } from '../../../src/node/version.ts'
import { builtApp } from '../../support/electron/build-app.ts'
import { freePort } from '../../support/free-port.ts'
import { makeTempDir } from '../../support/make-temp-dir.ts'
import { NO_WINDOWS, type RunningApp, startApp } from '../../support/start-app.ts'
import { type LoneHost, startLoneHost } from '../../support/start-lone-host.ts'
import { startOtherRelay } from '../../support/start-other-relay.ts'
import { startOwnRelay } from '../../support/start-own-relay.ts'

const PATIENCE = { timeout: 30_000 }
const SIGN_IN = 'Sign in at the relay'

/** A new bridge wants port 8080, which other programs of this machine may have; that is not what is tried here. */
async function putPortOff(page: Page): Promise<void> {
  const dialog = page.getByRole('dialog', { name: 'Another program holds the port' })
  await page.addLocatorHandler(dialog, () => dialog.getByRole('button', { name: 'Not now' }).click())
}

async function openFirstRun(args: readonly string[] = []): Promise<{ app: RunningApp; page: Page }> {
  const app = await startApp({ settings: 'none', args })
  const page = await app.window('#/first-run')
  await putPortOff(page)
  return { app, page }
}

/** A host that has Node and no relay; one that is installed there ends with the test. */
async function startBareHost(): Promise<LoneHost & { readonly relayPid: () => Promise<number> }> {
  const bin = await makeTempDir('host-bin-')
  await symlink(process.execPath, join(bin, 'node'))
  const host = await startLoneHost({ env: { PATH: `${bin}:/usr/bin:/bin` } })
  const pidFile = join(host.sshd.dir, '.local/share/sovereign/relay/relay.pid')
  const relayPid = async (): Promise<number> => Number(await readFile(pidFile, 'utf8'))
  onTestFinished(async () => {
    const pid = await relayPid().catch(() => undefined)
    if (pid !== undefined) process.kill(pid, 'SIGKILL')
  })
  return { ...host, relayPid }
}

async function savedRelay({ home }: RunningApp): Promise<unknown> {
  const path = defaultSettingsPath({ HOME: home, XDG_CONFIG_HOME: join(home, '.config') })
  const { profiles } = JSON.parse(await readFile(path, 'utf8')) as { profiles: { relay: unknown }[] }
  return profiles[0]?.relay
}

describe.skipIf(NO_WINDOWS ?? process.platform === 'win32')('the first set-up of the app', () => {
  test('makes this computer the relay with one click, and goes on to the sign-in', async () => {
    const { app, page } = await openFirstRun()
    await page.getByRole('button', { name: 'Use this computer' }).click(PATIENCE)
    await page.getByRole('heading', { name: SIGN_IN }).waitFor(PATIENCE)
    expect(await savedRelay(app)).toEqual({ embedded: true })
    await app.tray.with('The built-in relay: connected, not signed in')
  }, 90_000)

  test('installs the relay on a host with one click, and uses it', async () => {
    // As scripts/package.ts puts it beside the app.
    await buildEdition('sovereign-relay', join(await builtApp(), 'dist/sovereign-relay.mjs'))
    const { sshConfigFile, relayPid } = await startBareHost()
    const port = await freePort()
    const { app, page } = await openFirstRun(['--ssh-config', sshConfigFile])
    await page.getByRole('button', { name: 'Choose the host' }).click(PATIENCE)
    await page.getByRole('button', { name: /^vm/ }).click(PATIENCE)
    await page.getByLabel('Port of the relay there').fill(String(port))
    await page.getByRole('button', { name: 'Test it' }).click()
    await page.getByText('The host works, but has no relay yet').waitFor(PATIENCE)

    await page.getByRole('button', { name: 'Install it there' }).click()
    await page.getByText('The relay is installed and answers').waitFor(PATIENCE)
    const health = await fetch(`http://127.0.0.1:${port}/health`)
    expect(await health.json()).toMatchObject({ version: VERSION, authenticated: false })

    await page.getByRole('button', { name: 'Use this relay' }).click()
    await page.getByRole('heading', { name: SIGN_IN }).waitFor(PATIENCE)
    expect(await savedRelay(app)).toEqual({ ssh: 'vm', port })
    await app.tray.with(`The relay vm:${port}: connected, not signed in`)
    // It is there for good: whoever quits the app leaves it running.
    const pid = await relayPid()
    expect(await app.quit()).toBe(0)
    expect(await relayPid()).toBe(pid)
    expect((await fetch(`http://127.0.0.1:${port}/health`)).status).toBe(200)
  }, 120_000)

  test('takes a relay at an address once that answers, and says what is wrong with one that does not', async () => {
    const relay = await startOtherRelay({})
    onTestFinished(() => relay.close())
    const { app, page } = await openFirstRun()
    await page.getByRole('button', { name: 'Enter the address' }).click(PATIENCE)
    const address = page.getByLabel('Address of the relay')
    const use = page.getByRole('button', { name: 'Check and use it' })
    await address.fill('relay.example')
    await page.getByText('This is no address').waitFor(PATIENCE)
    await expect.poll(() => use.isDisabled()).toBe(true)

    await address.fill('http://127.0.0.1:1')
    await use.click()
    await page.getByText('The relay does not answer').waitFor(PATIENCE)
    await page.getByText('relay.unreachable').waitFor(PATIENCE)

    await address.fill(relay.url)
    await use.click()
    await page.getByText('The relay answers').waitFor(PATIENCE)
    await page.getByRole('button', { name: 'Go on' }).click()
    await page.getByRole('heading', { name: SIGN_IN }).waitFor(PATIENCE)
    expect(await savedRelay(app)).toEqual({ url: relay.url })
  }, 90_000)

  test('signs in at a relay at an address with the file of its admin token', async () => {
    const relay = await startOwnRelay({ signedIn: false, github: { intervalSeconds: 1 } })
    const { app, page } = await openFirstRun()
    const adminTokenFile = join(app.home, 'admin.token')
    const { body } = await adminRequest(relay.relay.adminSocketPath, 'POST', '/admin/token')
    await writeFile(adminTokenFile, (body as { token: string }).token, { mode: 0o600 })
    await page.getByRole('button', { name: 'Enter the address' }).click(PATIENCE)
    await page.getByLabel('Address of the relay').fill(relay.url)
    const file = page.getByLabel('File with the admin token')
    const use = page.getByRole('button', { name: 'Check and use it' })
    await file.fill(join(app.home, 'no.token'))
    await use.click()
    await page.getByText('gives no admin rights').waitFor(PATIENCE)
    await page.getByText('relay.files-unusable').waitFor(PATIENCE)

    await file.fill(adminTokenFile)
    await use.click()
    await page.getByText('The relay answers').waitFor(PATIENCE)
    await page.getByText('It lets you sign in').waitFor(PATIENCE)
    expect(await savedRelay(app)).toEqual({ url: relay.url, adminTokenFile })
    await page.getByRole('button', { name: 'Go on' }).click()
    await page.getByRole('button', { name: 'Get a code' }).click(PATIENCE)
    await page.getByText('WDJB-MJHT').waitFor(PATIENCE)
    relay.github.answerDevice('approved')
    await app.tray.with('connected, copilot ready')
  }, 90_000)
})
