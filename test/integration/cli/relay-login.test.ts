import { expect, onTestFinished, test } from 'vitest'
import { runSovereign, type SovereignProcess } from '../../support/sovereign-process.ts'
import { startOwnRelay } from '../../support/start-own-relay.ts'
import { OPENROUTER_KEY, type TestRelay } from '../../support/start-relay.ts'
import type { DeviceAnswer } from '../../support/upstreams/fake-github.ts'

async function signedOutRelay(): Promise<TestRelay> {
  const relay = await startOwnRelay({ signedIn: false, identity: 'own', github: { intervalSeconds: 1 } })
  return relay
}

function sovereign(relay: TestRelay, args: readonly string[], stdin = ''): SovereignProcess {
  const whole = ['relay', ...args, '--socket', relay.relay.adminSocketPath]
  const command = runSovereign(whole, {}, undefined, stdin)
  onTestFinished(() => void command.stop('SIGKILL'))
  return command
}

test('the code is shown, and once it is approved the relay is signed in for good', async () => {
  const relay = await signedOutRelay()
  const login = sovereign(relay, ['login', '--identity', 'vscode'])
  const shown = await login.line((line) => /enter {2}(.+)/.exec(line)?.[1], 'the code')
  expect(shown).toMatch(/^(?:\w ){4}- (?:\w ?){4}$/)
  relay.github.answerDevice('approved')
  expect(await login.exited).toBe(0)
  expect(login.stdout()).toContain('Copilot: signed in (vscode, exchange)')
  expect(await relay.readConfig()).toMatchObject({ github_oauth_token: relay.github.oauthToken })
  expect(login.stdout() + login.stderr()).not.toContain(relay.github.oauthToken)
})

test.each<[string, DeviceAnswer, RegExp]>([
  ['cancelled', 'denied', /cancel|denied|refused/i],
  ['not entered in time', 'expired', /not entered in time/],
])('a code that is %s is said so, with what to do', async (_what, answer, words) => {
  const relay = await signedOutRelay()
  relay.github.answerDevice(answer)
  const login = sovereign(relay, ['login', '--identity', 'vscode'])
  expect(await login.exited).toBe(1)
  expect(login.stderr()).toMatch(words)
  expect(login.stderr()).not.toMatch(/ {4}at /)
})

test('without an app of one’s own the choices are named', async () => {
  const login = sovereign(await signedOutRelay(), ['login'])
  expect(await login.exited).toBe(1)
  expect(login.stderr()).toContain('--pat')
  expect(login.stderr()).toContain('--identity vscode')
})

test('a fine-grained token is read from a pipe and never shown', async () => {
  const relay = await signedOutRelay()
  const token = `github_pat_${'a1'.repeat(20)}`
  relay.github.acceptToken(token)
  const login = sovereign(relay, ['login', '--pat'], `${token}\n`)
  expect(await login.exited).toBe(0)
  expect(login.stdout()).toContain('Copilot: signed in')
  expect(login.stdout() + login.stderr() + relay.logged()).not.toContain(token)
})

test('an OpenRouter key is read from a pipe, and forgotten on logout', async () => {
  const relay = await signedOutRelay()
  const login = sovereign(relay, ['login', '--openrouter-key'], `${OPENROUTER_KEY}\n`)
  expect(await login.exited).toBe(0)
  expect(login.stdout()).toContain('OpenRouter: signed in')
  const logout = sovereign(relay, ['logout', '--openrouter'])
  expect(await logout.exited).toBe(0)
  expect(logout.stdout()).toContain('OpenRouter: not signed in')
  expect(JSON.stringify(await relay.readConfig())).not.toContain(OPENROUTER_KEY)
})

test('without a running relay the command says so', async () => {
  const command = runSovereign(['relay', 'login', '--socket', '/nowhere/admin.sock'], {})
  onTestFinished(() => void command.stop('SIGKILL'))
  expect(await command.exited).toBe(1)
  expect(command.stderr()).toContain('/nowhere/admin.sock')
})

test('entering nothing changes nothing, and the advice fits the command', async () => {
  const login = sovereign(await signedOutRelay(), ['login', '--openrouter-key'])
  expect(await login.exited).toBe(1)
  expect(login.stderr()).toBe('Nothing was entered.\nRun the command again.\n')
})

test.each([
  [['--identity', 'emacs'], 'Allowed choices are own, vscode.'],
  [['--pat', '--openrouter-key'], 'cannot be used with'],
  [['--pat', '--identity', 'vscode'], 'cannot be used with'],
])('login %j is refused before anything is asked', async (options, words) => {
  const login = sovereign(await signedOutRelay(), ['login', ...options])
  expect(await login.exited).toBe(1)
  expect(login.stderr()).toContain(words)
  expect(login.stderr()).toContain('sovereign relay login --help')
})
