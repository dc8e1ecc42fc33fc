import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Page } from 'playwright-core'
import { describe, expect, onTestFinished, test } from 'vitest'
import { defaultSettingsPath } from '../../../src/main/settings/settings-path.ts'
import { open, STREAMED_CHAT } from '../../support/ask.ts'
import { type ChainClient, type ChainHosts, type Closers, prepareHosts } from '../../support/chain-hosts.ts'
import { runSovereign } from '../../support/sovereign-process.ts'
import { NO_WINDOWS, profileOf, type RunningApp, startApp } from '../../support/start-app.ts'
import { accepts, type Sshd } from '../../support/start-sshd.ts'

const run = promisify(execFile)

/** Each wait of a page; the whole takes a good many of them. */
const PATIENCE = { timeout: 30_000 }
const JOURNEY_MS = 300_000

/** The machines of somebody who has a relay on one host, works on another, and has just installed the app. */
async function startMachines(): Promise<ChainHosts & { readonly vm: ChainClient }> {
  const closers: Closers = []
  onTestFinished(async () => {
    for (const close of closers.splice(0).reverse()) await close()
  })
  const hosts = await prepareHosts({ signedIn: false, github: { intervalSeconds: 1 } }, closers)
  const [vm] = hosts.clients
  if (vm === undefined) throw new Error('There is no client machine.')
  // Where whoever logs in there is told to look for it.
  const SOVEREIGN_DATA_DIR = join(hosts.relayHost.dir, '.local/share/sovereign/relay')
  const relay = runSovereign(['relay'], { ...hosts.relayEnv, SOVEREIGN_DATA_DIR })
  closers.push(() => relay.stop())
  await relay.line((line) => (line.startsWith('Relay on') ? true : undefined), 'the relay to listen')
  return { ...hosts, vm }
}

/** The SSH configuration of a person: hosts by their names, and none of them known yet. */
async function writeSshConfig(home: string, hosts: Readonly<Record<string, Sshd>>): Promise<void> {
  const blocks = Object.entries(hosts).map(([alias, { host, port, userName, clientKeyFile }]) =>
    [
      `Host ${alias}`,
      `  HostName ${host}`,
      `  Port ${port}`,
      `  User ${userName}`,
      `  IdentityFile ${clientKeyFile}`,
      '  IdentitiesOnly yes',
    ].join('\n'),
  )
  await mkdir(join(home, '.ssh'), { mode: 0o700 })
  await writeFile(join(home, '.ssh/config'), `${blocks.join('\n\n')}\n`, { mode: 0o600 })
}

/** A new bridge wants port 8080, which somebody else has already. */
async function holdUsualPort(): Promise<void> {
  const server = createServer()
  server.listen(8080, '127.0.0.1')
  await Promise.race([once(server, 'listening'), once(server, 'error')]).catch(() => undefined)
  onTestFinished(() => void server.close())
}

async function useAnotherPort(page: Page): Promise<number> {
  const dialog = page.getByRole('dialog', { name: 'Another program holds the port' })
  const button = dialog.getByRole('button', { name: /^Use port \d+ until the next start$/ })
  const port = Number(/\d+/.exec(await button.innerText(PATIENCE))?.[0])
  await button.click()
  await dialog.waitFor({ state: 'detached', ...PATIENCE })
  return port
}

/** Compares the key as one is told to: with what the host itself shows. */
async function acceptHostKey(page: Page, { dir }: Sshd): Promise<void> {
  const dialog = page.getByRole('dialog', { name: 'Is this really 127.0.0.1?' })
  const { stdout } = await run('ssh-keygen', ['-lf', join(dir, 'host_key')])
  await dialog.getByLabel('What the host shows').fill(stdout.trim(), PATIENCE)
  await dialog.getByText('Same: this is the host').waitFor(PATIENCE)
  await dialog.getByRole('button', { name: 'Accept and remember' }).click()
  await dialog.waitFor({ state: 'detached', ...PATIENCE })
}

async function chooseRelay(page: Page, { relayHost, relayPort }: ChainHosts): Promise<void> {
  await page.getByRole('button', { name: 'Choose the host' }).click(PATIENCE)
  await page.getByText('2 hosts').waitFor(PATIENCE)
  await page.getByRole('button', { name: /^relay-host/ }).click()
  await page.getByLabel('Port of the relay there').fill(String(relayPort))
  await page.getByRole('button', { name: 'Test it' }).click()
  await acceptHostKey(page, relayHost)
  await page.getByText('A relay answers there').waitFor(PATIENCE)
  expect(await stepsOf(page)).toEqual([
    'Find relay-host in the SSH configuration done',
    'Reach relay-host done',
    'Log in to relay-host done',
    `Ask for a relay on port ${relayPort} done`,
    'See whether a relay can be installed on relay-host skipped',
  ])
  await page.getByRole('button', { name: 'Use this relay' }).click()
  await page.getByRole('heading', { name: 'Sign in at the relay' }).waitFor(PATIENCE)
}

async function stepsOf(page: Page): Promise<string[]> {
  const steps = page.getByRole('list', { name: 'Steps', exact: true }).locator('li p:first-child')
  return steps.allInnerTexts()
}

async function signIn(app: RunningApp, page: Page, { github }: ChainHosts): Promise<void> {
  await page.getByRole('button', { name: 'Get a code' }).click(PATIENCE)
  await page.getByText('WDJB-MJHT').waitFor(PATIENCE)
  await page.getByRole('button', { name: /Open github\.com/ }).click()
  const { opened } = await app.seen('page of GitHub', (view) => view.opened.length > 0)
  expect(opened).toEqual(['https://github.com/login/device'])
  github.answerDevice('approved')
  await page.getByText('Signed in to GitHub Copilot').waitFor(PATIENCE)
  await page.getByRole('button', { name: 'Go on' }).click()
}

async function addMachine(page: Page, { port, sshd }: ChainClient): Promise<void> {
  await page.getByRole('button', { name: /^vm/ }).click(PATIENCE)
  await page.getByLabel('Port there').fill(String(port))
  await page.getByRole('button', { name: 'Test it' }).click()
  await acceptHostKey(page, sshd)
  await page.getByText('The machine can be used').waitFor(PATIENCE)
  await page.getByRole('button', { name: 'Add and set up' }).click()
  await page.getByText('vm uses the relay now').waitFor({ timeout: 90_000 })
  await page.getByRole('button', { name: 'Finish' }).click()
  await page.getByText(`curl -fsSL http://127.0.0.1:${port}/setup | bash`).waitFor(PATIENCE)
  await page.getByRole('link', { name: 'To the dashboard' }).click()
}

/** A program on the machine has something written for it. */
async function chatFrom({ url }: ChainClient): Promise<void> {
  const answer = await open(`${url}/v1/chat/completions`, { body: STREAMED_CHAT })
  expect(answer.status).toBe(200)
  expect(await answer.ended).toBe('complete')
  expect(answer.text()).toContain('data: [DONE]')
}

async function seeRequest(page: Page): Promise<void> {
  const recent = page.getByRole('region', { name: 'Recent requests' })
  await recent.getByRole('row').filter({ hasText: 'gpt-4.1' }).getByText('Completed').waitFor(PATIENCE)
  const usage = page.getByRole('region', { name: /^Usage: \w+ \d{4}, UTC$/ })
  await usage.getByRole('row').filter({ hasText: 'gpt-4.1' }).first().waitFor({ timeout: 60_000 })
}

async function cutAndMend(page: Page, { sshd }: ChainClient): Promise<void> {
  await sshd.stop()
  await page.getByRole('heading', { name: 'The client does not reach the relay' }).waitFor(PATIENCE)
  const trouble = page.getByRole('region', { name: 'What is wrong now' })
  await trouble.getByText('vm does not work').waitFor(PATIENCE)
  await trouble
    .getByText(/127\.0\.0\.1|vm/)
    .nth(1)
    .waitFor(PATIENCE)
  await sshd.start()
  await page.getByRole('heading', { name: 'Connected', exact: true }).waitFor({ timeout: 60_000 })
}

/** What lies in the home folder, but for what the windows keep there. */
async function filesOf({ home }: RunningApp): Promise<string[]> {
  const entries = await readdir(home, { recursive: true, withFileTypes: true })
  const ofWindows = [
    profileOf(home),
    join(home, '.config/chromium'),
    join(home, '.cache'),
    join(home, '.pki'),
  ]
  return entries
    .filter((entry) => !entry.isDirectory())
    .map(({ parentPath, name }) => join(parentPath, name))
    .filter((path) => !ofWindows.some((folder) => path.startsWith(`${folder}/`)))
    .map((path) => path.slice(home.length + 1))
    .sort()
}

/** Nothing that runs: the settings, what is known of hosts and of this computer's own relay, for the next time. */
const LEFT = [
  '.local/share/sovereign/relay/usage.db',
  '.ssh/config',
  '.ssh/known_hosts',
  'relay.json',
  'run/sessions.json',
]

describe.skipIf(NO_WINDOWS ?? process.platform === 'win32')('somebody who has just installed the app', () => {
  test(
    'gets from nothing to a machine that is served, through a cut, and out again',
    async () => {
      const machines = await startMachines()
      const { relayHost, vm } = machines
      await holdUsualPort()
      const app = await startApp({
        settings: 'none',
        prepare: (home) => writeSshConfig(home, { 'relay-host': relayHost, vm: vm.sshd }),
      })
      const page = await app.window('#/first-run')
      const agentPort = await useAnotherPort(page)
      await chooseRelay(page, machines)
      await signIn(app, page, machines)
      await addMachine(page, vm)

      await page.getByRole('heading', { name: 'Connected', exact: true }).waitFor(PATIENCE)
      await chatFrom(vm)
      await seeRequest(page)
      await cutAndMend(page, vm)
      await chatFrom(vm)

      await app.tray.click('Disconnect and quit')
      expect(await app.exited).toBe(0)
      await expect.poll(() => app.processes(), PATIENCE).toEqual([])
      await expect.poll(() => vm.sshd.sessionPids(), PATIENCE).toEqual([])
      await expect.poll(() => relayHost.sessionPids(), PATIENCE).toEqual([])
      expect(await Promise.all([vm.port, agentPort].map((port) => accepts('127.0.0.1', port)))).toEqual([
        false,
        false,
      ])
      const settings = defaultSettingsPath({ HOME: app.home, XDG_CONFIG_HOME: join(app.home, '.config') })
      expect(await filesOf(app)).toEqual([settings.slice(app.home.length + 1), ...LEFT].sort())
    },
    JOURNEY_MS,
  )
})
