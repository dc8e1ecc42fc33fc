import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { describe, expect, onTestFinished, test } from 'vitest'
import { NO_WINDOWS, type RunningApp, startApp } from '../../support/start-app.ts'
import { waitUntil } from '../../support/start-sshd.ts'
import { type FakeCopilot, startFakeCopilot } from '../../support/upstreams/fake-copilot.ts'
import { type FakeGithub, startFakeGithub } from '../../support/upstreams/fake-github.ts'

const SIGN_IN = 'app://sovereign/#/sign-in'
const PATIENCE = { timeout: 30_000 }
/** GitHub asks for one second between polls here, and the relay adds one of its own. */
const SEVERAL_POLLS_MS = 6000

async function startUpstreams(): Promise<{ github: FakeGithub; copilot: FakeCopilot }> {
  const good = { token: (_token: string): boolean => false }
  const copilot = await startFakeCopilot({ isTokenValid: (token) => good.token(token) })
  onTestFinished(() => copilot.close())
  const github = await startFakeGithub({ copilotApiUrl: copilot.url, intervalSeconds: 1 })
  onTestFinished(() => github.close())
  good.token = (token) => github.copilotTokens.has(token) || github.isUserToken(token)
  return { github, copilot }
}

async function openSignIn(app: RunningApp, isNew = true): Promise<Page> {
  await app.tray.click('Sign in to GitHub Copilot…')
  const page = await app.window('#/sign-in')
  if (isNew) await page.getByRole('button', { name: 'Get a code' }).click(PATIENCE)
  await page.getByText('WDJB-MJHT').waitFor(PATIENCE)
  return page
}

describe.skipIf(NO_WINDOWS)('the window of the sign-in', () => {
  test('that is closed in the middle asks GitHub no more, and goes on with the same code when it opens again', async () => {
    const { github } = await startUpstreams()
    const polls = (): number =>
      github.requests.filter(({ path }) => path === '/login/oauth/access_token').length
    const app = await startApp({
      args: ['--hidden'],
      env: { GITHUB_BASE_URL: github.url, GITHUB_API_BASE_URL: github.url },
      prepare: (home) =>
        writeFile(join(home, 'relay.json'), JSON.stringify({ copilot: { identity: 'vscode' } })),
    })
    await openSignIn(app)
    await expect.poll(polls, PATIENCE).toBeGreaterThan(0)

    await app.process.ask('closeWindow', SIGN_IN)
    await app.seen('desktop without windows', ({ windows }) => windows.length === 0)
    // One may be on its way.
    const until = polls() + 1
    expect(await waitUntil(() => polls() > until, SEVERAL_POLLS_MS)).toBe(false)

    const page = await openSignIn(app, false)
    expect(github.requests.filter(({ path }) => path === '/login/device/code')).toHaveLength(1)
    github.answerDevice('approved')
    await page.getByText('Signed in to GitHub Copilot').waitFor(PATIENCE)
    await app.tray.with('copilot ready')
  }, 120_000)
})
