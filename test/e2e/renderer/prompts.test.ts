import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { AppError } from '../../../src/shared/errors/app-error.ts'
import type { BridgeState } from '../../../src/shared/state/bridge-state.ts'
import type { Prompt } from '../../../src/shared/state/prompt.ts'
import { type FakeBridgeApi, fakeBridgeApi } from '../../support/fake-bridge-api.ts'
import { makeBridgeState, NOON } from '../../support/make-bridge-state.ts'
import { clipboardOf, isFocused, seriousFindings } from '../../support/open-renderer.ts'
import { rendererPages } from './renderer-pages.ts'

const FINGERPRINT = 'SHA256:uNiVztksCsDhcc0u9e8BrrJXVGDgP1pUnZsGmB4pYkw'
const OTHER = 'SHA256:Kb0qgBc9pY3mA1r5ZtYx7uVw2nQeLsJdHfGiOoPpRrS'

const HOST_KEY: Prompt = {
  id: 'p-key',
  askedAt: NOON,
  kind: 'host-key',
  host: 'pi',
  port: 2222,
  keyType: 'ssh-ed25519',
  fingerprint: FINGERPRINT,
}
const PASSPHRASE: Prompt = {
  id: 'p-phrase',
  askedAt: NOON,
  kind: 'passphrase',
  keyFile: '/home/eve/.ssh/id_ed25519',
  attempt: 1,
  canRemember: true,
  keptIn: 'in the macOS Keychain',
}
const PASSWORD: Prompt = {
  id: 'p-word',
  askedAt: NOON,
  kind: 'password',
  user: 'eve',
  host: 'pi',
  attempt: 2,
}

const browser = rendererPages()

/** A bridge that takes a question off the list once it is answered, as the real one does. */
function asking(...prompts: Prompt[]): FakeBridgeApi {
  const api = fakeBridgeApi({ prompts })
  let open: readonly Prompt[] = prompts
  api.answer('answerPrompt', ({ id }: { id: string }) => {
    open = open.filter((prompt) => prompt.id !== id)
    api.publish({ prompts: open })
  })
  return api
}

const answers = (api: FakeBridgeApi): unknown[] =>
  api.calls.flatMap(([name, args]) => (name === 'answerPrompt' ? [args] : []))

const dialog = (page: Page) => page.getByRole('dialog')
const gone = (page: Page) => dialog(page).waitFor({ state: 'detached' })

test('a new host key is shown in groups, compared, and accepted', async () => {
  const api = asking(HOST_KEY)
  const { page } = await browser.open(api, { path: 'diagnostics' })
  await page.getByRole('dialog', { name: 'Is this really pi?' }).waitFor()
  await page.getByText('pi:2222').waitFor()
  await page.getByText('uNiV', { exact: true }).waitFor()
  await page.getByText('ssh-keygen -l -f /etc/ssh/ssh_host_ed25519_key.pub').waitFor()
  expect(await seriousFindings(page)).toEqual([])
  await page.getByRole('button', { name: 'Copy fingerprint' }).click()
  await page.getByRole('button', { name: 'Copied' }).waitFor()
  await expect.poll(() => clipboardOf(page)).toBe(FINGERPRINT)
  const field = page.getByLabel('What the host shows')
  await field.fill(`256 ${OTHER} root@pi (ED25519)`)
  await page.getByText('Different: do not accept this key').waitFor()
  await expect.poll(() => page.getByRole('button', { name: 'Accept and remember' }).isDisabled()).toBe(true)
  await field.fill(`256 ${FINGERPRINT} root@pi (ED25519)`)
  await page.getByText('Same: this is the host').waitFor()
  await page.getByRole('button', { name: 'Accept and remember' }).click()
  await gone(page)
  expect(answers(api)).toEqual([{ id: 'p-key', answer: { kind: 'host-key', accept: true } }])
})

test('a host key can be refused', async () => {
  const api = asking(HOST_KEY)
  const { page } = await browser.open(api, { path: 'diagnostics' })
  await page.getByRole('button', { name: 'Refuse' }).click()
  await gone(page)
  expect(answers(api)).toEqual([{ id: 'p-key', answer: { kind: 'host-key', accept: false } }])
})

test('Escape cancels, and the focus goes back to where it was', async () => {
  const api = fakeBridgeApi()
  const { page } = await browser.open(api, { path: 'diagnostics' })
  const link = page.getByRole('link', { name: 'Settings' })
  await link.focus()
  api.answer('answerPrompt', () => void api.publish({ prompts: [] }))
  api.publish({ prompts: [PASSWORD] })
  await page.getByRole('dialog', { name: 'Password for pi' }).waitFor()
  await expect.poll(() => isFocused(page.getByLabel('Password', { exact: true }))).toBe(true)
  await page.keyboard.press('Escape')
  await gone(page)
  expect(answers(api)).toEqual([{ id: 'p-word', answer: { kind: 'cancel' } }])
  await expect.poll(() => isFocused(link)).toBe(true)
})

test('the keyboard stays inside the dialog', async () => {
  const { page } = await browser.open(asking(PASSPHRASE), { path: 'diagnostics' })
  await dialog(page).waitFor()
  for (let press = 0; press < 12; press += 1) {
    await page.keyboard.press('Tab')
    // Between the last control and the first there is the browser's own bar, where nothing of the page has focus.
    const where = await page.evaluate(
      'document.activeElement === document.body || document.activeElement.closest("dialog") !== null',
    )
    expect(where).toBe(true)
  }
})

test('a passphrase is sent with the wish to remember it, and not kept', async () => {
  const api = asking(PASSPHRASE)
  const { page } = await browser.open(api, { path: 'diagnostics' })
  await page.getByLabel('Passphrase', { exact: true }).fill('open sesame')
  await page.getByText('It is kept in the macOS Keychain, and you are not asked again.').waitFor()
  await page.getByLabel('Remember it').check()
  expect(await seriousFindings(page)).toEqual([])
  await page.getByRole('button', { name: 'Unlock' }).click()
  await gone(page)
  const answer = { kind: 'passphrase', passphrase: 'open sesame', remember: true }
  expect(answers(api)).toEqual([{ id: 'p-phrase', answer }])
})

test('where no keychain answers, that is said with the way out, and remembering is not offered', async () => {
  const api = asking({ ...PASSPHRASE, canRemember: false })
  api.publish({ secrets: { kind: 'unavailable', by: 'keychain', reason: 'Cannot autolaunch D-Bus' } })
  const { page } = await browser.open(api, { path: 'diagnostics' })
  await dialog(page).getByText('No keychain answers on this computer').waitFor()
  await dialog(page).getByText('a file that only you can read').waitFor()
  await expect.poll(() => page.getByLabel('Remember it').count()).toBe(0)
  expect(await seriousFindings(page)).toEqual([])
})

test('whoever has chosen to be asked each time is told nothing of places', async () => {
  const api = asking({ ...PASSPHRASE, canRemember: false })
  api.publish({ secrets: { kind: 'asked' } })
  const { page } = await browser.open(api, { path: 'diagnostics' })
  await dialog(page).waitFor()
  await expect.poll(() => page.getByLabel('Remember it').count()).toBe(0)
  await expect.poll(() => page.getByText('cannot be remembered').count()).toBe(0)
})

test('a password that was wrong is said to be', async () => {
  const api = asking(PASSWORD)
  const { page } = await browser.open(api, { path: 'diagnostics' })
  await page.getByText('That was not it. Try 2.').waitFor()
  await page.getByLabel('Password', { exact: true }).fill('hunter2')
  await page.keyboard.press('Enter')
  await gone(page)
  expect(answers(api)).toEqual([{ id: 'p-word', answer: { kind: 'password', password: 'hunter2' } }])
})

test('what a host asks is shown harmlessly, and each answer goes to its question', async () => {
  const api = asking({
    id: 'p-2fa',
    askedAt: NOON,
    kind: 'keyboard-interactive',
    user: 'eve',
    host: 'bastion',
    title: '<img src=x onerror=alert(1)>',
    instructions: 'First line\nSecond\u202Eline\u0007',
    questions: [
      { text: 'Code: ', echo: true },
      { text: 'PIN: ', echo: false },
    ],
  })
  const { page } = await browser.open(api, { path: 'diagnostics' })
  await page.getByText('<img src=x onerror=alert(1)>').waitFor()
  await page.getByText('Second�line�').waitFor()
  await expect.poll(() => page.locator('dialog img').count()).toBe(0)
  await expect.poll(() => page.getByLabel('Code:').getAttribute('type')).toBe('text')
  await expect.poll(() => page.getByLabel('PIN:').getAttribute('type')).toBe('password')
  expect(await seriousFindings(page)).toEqual([])
  await page.getByLabel('Code:').fill('123456')
  await page.getByLabel('PIN:').fill('0000')
  await page.getByRole('button', { name: 'Send' }).click()
  await gone(page)
  const answer = { kind: 'keyboard-interactive', answers: ['123456', '0000'] }
  expect(answers(api)).toEqual([{ id: 'p-2fa', answer }])
})

test('several questions come one after the other', async () => {
  const api = asking(HOST_KEY, PASSWORD)
  const { page } = await browser.open(api, { path: 'diagnostics' })
  await page.getByText('One more question waits.').waitFor()
  await page.getByRole('button', { name: 'Accept and remember' }).click()
  await page.getByRole('dialog', { name: 'Password for pi' }).waitFor()
  await expect.poll(() => page.getByText('more question').count()).toBe(0)
})

test('a question that goes away by itself closes with a word', async () => {
  const api = asking(PASSWORD)
  const { page } = await browser.open(api, { path: 'diagnostics' })
  await page.getByLabel('Password', { exact: true }).fill('half typ')
  api.publish({ prompts: [] })
  await gone(page)
  await page.getByRole('alert').getByText('The password for pi is no longer needed').waitFor()
  await page.getByRole('button', { name: 'Understood' }).click()
  await page.getByText('no longer needed').waitFor({ state: 'detached' })
})

test('an answer that does not arrive is told, and the question stays', async () => {
  const api = fakeBridgeApi({ prompts: [PASSWORD] })
  api.answer('answerPrompt', () => Promise.reject(new AppError('bridge.connection-ended', 'It was cut.')))
  const { page } = await browser.open(api, { path: 'diagnostics' })
  await page.getByLabel('Password', { exact: true }).fill('hunter2')
  await page.getByRole('button', { name: 'Log in' }).click()
  await page.getByRole('alert').getByText('The answer did not arrive').waitFor()
  await expect.poll(() => page.getByLabel('Password', { exact: true }).inputValue()).toBe('')
})

const TAKEN: Partial<BridgeState> = {
  agent: {
    phase: 'failed',
    address: '127.0.0.1:8080',
    since: NOON,
    otherPort: 8081,
    cause: {
      code: 'port.taken',
      message: '127.0.0.1:8080 is taken by proxy (pid 4711).',
      recovery: 'user',
      remedy: 'Stop that program.',
    },
  },
}

test('a taken port names its holder and offers another', async () => {
  const api = fakeBridgeApi(TAKEN)
  api.answer('useOtherPort', () => void api.publish({ agent: makeBridgeState().agent }))
  const { page } = await browser.open(api, { path: 'diagnostics' })
  await dialog(page).getByText('is taken by proxy (pid 4711)').waitFor()
  expect(await seriousFindings(page)).toEqual([])
  await page.getByRole('button', { name: 'Try again' }).click()
  await expect
    .poll(() => api.calls.find(([name]) => name === 'retryNow')?.[1], { timeout: 10_000 })
    .toEqual({ target: 'agent' })
  await page.getByRole('button', { name: 'Use port 8081 until the next start' }).click()
  await gone(page)
  expect(api.calls.find(([name]) => name === 'useOtherPort')?.[1]).toEqual({ target: 'agent', port: 8081 })
})

test('a taken port can be put off, and is still on the page of questions', async () => {
  const { page } = await browser.open(fakeBridgeApi(TAKEN), { path: 'diagnostics' })
  await page.getByRole('button', { name: 'Not now' }).click()
  await gone(page)
  await page.goto(`${page.url().split('#', 1)[0]}#/prompts`)
  await page.getByRole('button', { name: 'Use port 8081 until the next start' }).waitFor()
  await expect.poll(() => dialog(page).count()).toBe(0)
})

test('a changed host key is no question: both fingerprints, and nothing to click it away', async () => {
  const state = makeBridgeState()
  const api = fakeBridgeApi({
    relay: {
      ...state.relay,
      kind: 'ssh',
      place: 'pi:8080',
      link: {
        phase: 'failed',
        since: NOON,
        cause: {
          code: 'ssh.host-key-changed',
          message: `pi shows the key ssh-ed25519 ${FINGERPRINT}, but on record is ssh-ed25519 ${OTHER} (x line 4).`,
          recovery: 'user',
          remedy: 'Ask the owner of the host.',
        },
      },
    },
  })
  const { page } = await browser.open(api, { path: 'prompts', width: 360, isDark: true })
  await page.getByText('pi:8080 shows another key than before').waitFor()
  await page.getByText('uNiV', { exact: true }).waitFor()
  await page.getByText('Kb0q', { exact: true }).waitFor()
  await expect.poll(() => page.getByRole('main').getByRole('button').count()).toBe(0)
  expect(await seriousFindings(page)).toEqual([])
})
