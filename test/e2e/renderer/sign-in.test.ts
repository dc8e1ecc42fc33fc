import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { AppError } from '../../../src/shared/errors/app-error.ts'
import { type FakeBridgeApi, fakeBridgeApi } from '../../support/fake-bridge-api.ts'
import { FLOW, IN, OUT, signedOut } from '../../support/make-sign-in.ts'
import { clipboardOf, isFocused, seriousFindings } from '../../support/open-renderer.ts'
import { rendererPages } from './renderer-pages.ts'

const DESKTOP = {
  kind: 'desktop',
  platform: 'linux',
  startsAtLogin: false,
  hasTray: true,
  update: { kind: 'none', checkedAt: undefined },
} as const

const PATIENCE = { timeout: 10_000 }

const browser = rendererPages()

const WAITING = { kind: 'waiting', url: 'https://openrouter.ai/auth' }

async function startAtOpenrouter(api: FakeBridgeApi): Promise<Page> {
  const { page } = await browser.open(api, { path: 'sign-in' })
  await page.getByRole('radio', { name: 'OpenRouter' }).check({ force: true })
  api.answer('openrouterSignIn', () => WAITING)
  await page.getByRole('button', { name: 'Sign in at OpenRouter' }).click()
  await page.getByText('Waiting for OpenRouter').waitFor()
  return page
}

const callsOf = (api: FakeBridgeApi, name: string): unknown[] =>
  api.calls.flatMap(([called, args]) => (called === name ? [args] : []))

describe('with a code', () => {
  test('the code is shown, can be copied, and leads to the page of GitHub on a click only', async () => {
    const { page } = await browser.open(signedOut(), { path: 'sign-in' })
    await page.getByRole('button', { name: 'Get a code' }).click()
    await page.getByText('WDJB-MJHT').waitFor()
    await page.getByRole('button', { name: 'Copy code' }).click()
    await page.getByRole('button', { name: 'Copied' }).waitFor()
    await expect.poll(() => clipboardOf(page)).toBe('WDJB-MJHT')
    const link = page.getByRole('link', { name: /Open github\.com/ })
    await expect.poll(() => link.getAttribute('href')).toBe('https://github.com/login/device')
    await expect.poll(() => link.getAttribute('target')).toBe('_blank')
    await expect.poll(() => link.getAttribute('rel')).toContain('noopener')
    expect(page.context().pages()).toHaveLength(1)
    await page.getByText('Only go on if you began this').waitFor()
    await expect.poll(() => page.getByRole('timer').textContent()).toMatch(/1[45]:\d\d/)
    expect(await seriousFindings(page)).toEqual([])
  })

  test('the desktop opens the page where there is one', async () => {
    const api = signedOut({ desktop: DESKTOP })
    const { page } = await browser.open(api, { path: 'sign-in' })
    await page.getByRole('button', { name: 'Get a code' }).click()
    await page.getByRole('button', { name: /Open github\.com/ }).click()
    await expect.poll(() => callsOf(api, 'openPage'), PATIENCE).toEqual([{ url: FLOW.verification_uri }])
  })

  test.each([
    ['denied', 'relay.sign-in-denied', 'The sign-in was refused at GitHub', 'Get a new code'],
    ['expired', 'relay.sign-in-expired', 'The code has run out', 'Get a new code'],
    ['error', 'relay.copilot-refused', 'This account has no Copilot', 'Get a new code'],
    ['error', 'relay.copilot-blocked', 'This account is kept from Copilot', 'Get a new code'],
    ['error', 'relay.sign-in-impossible', 'GitHub allows no code for this app', 'Sign in as another app'],
  ])('%s (%s) is told in words with a next step', async (status, code, title, button) => {
    const api = signedOut()
    api.answer('pollSignIn', () => ({ status, code, message: 'So it is.' }))
    const { page } = await browser.open(api, { path: 'sign-in' })
    await page.getByRole('button', { name: 'Get a code' }).click()
    const alert = page.getByRole('alert')
    await alert.getByText(title).waitFor()
    await alert.getByText(code).waitFor()
    await alert.getByRole('button', { name: button }).waitFor()
  })

  test('a page that is loaded anew in the middle shows the same code, and the time that is left of it', async () => {
    const api = signedOut()
    api.answer('pollSignIn', () => ({ status: 'pending', message: '' }))
    const { page } = await browser.open(api, { path: 'sign-in' })
    await page.getByRole('button', { name: 'Get a code' }).click()
    await page.getByText('WDJB-MJHT').waitFor()
    const { success: _, message: __, ...running } = FLOW
    api.answer('relaySignInStatus', () => ({
      ...OUT,
      signing_in: { ...running, expires_in: 300, expires_after: 900 },
    }))
    await page.reload()
    await page.getByText('WDJB-MJHT').waitFor()
    await expect.poll(() => page.getByRole('timer').textContent()).toMatch(/[45]:\d\d/)
    await page.getByText('It is being asked again.').waitFor()
    expect(callsOf(api, 'startSignIn')).toHaveLength(1)
    await page.getByRole('button', { name: 'Stop' }).click()
    await page.getByRole('button', { name: 'Get a new code' }).waitFor()
  })

  test('success is told, and the account is shown as signed in', async () => {
    const api = signedOut()
    api.answer('pollSignIn', () => {
      api.answer('relaySignInStatus', () => IN)
      return { status: 'success', message: 'Signed in.' }
    })
    const { page } = await browser.open(api, { path: 'sign-in' })
    await page.getByRole('button', { name: 'Get a code' }).click()
    await page.getByText('Signed in to GitHub Copilot').waitFor()
    await page.getByText('Signed in as VS Code').waitFor()
  })

  test('a page that is none of GitHub gets no code', async () => {
    const api = signedOut()
    api.answer('startSignIn', () => ({ ...FLOW, verification_uri: 'https://github.com.evil.example/device' }))
    const { page } = await browser.open(api, { path: 'sign-in' })
    await page.getByRole('button', { name: 'Get a code' }).click()
    await page.getByText('This is not a page of GitHub').waitFor()
    await expect.poll(() => page.getByText('WDJB-MJHT').count()).toBe(0)
    await expect.poll(() => page.getByRole('link', { name: /Open/ }).count()).toBe(0)
  })

  test('whoever leaves is asked nothing more, and finds the code again', async () => {
    const api = signedOut()
    const { page } = await browser.open(api, { path: 'sign-in' })
    await page.getByRole('button', { name: 'Get a code' }).click()
    await expect.poll(() => callsOf(api, 'pollSignIn').length, PATIENCE).toBeGreaterThan(0)
    await page.getByRole('link', { name: 'Dashboard' }).click()
    await page.getByRole('heading', { name: 'Sign in' }).waitFor({ state: 'detached' })
    const before = callsOf(api, 'pollSignIn').length
    // Two polls would have come by then if anybody still looked.
    await page.evaluate('new Promise((resolve) => setTimeout(resolve, 2500))')
    expect(callsOf(api, 'pollSignIn').length).toBe(before)
    await page.goBack()
    await page.getByText('WDJB-MJHT').waitFor()
    await page.getByText('While you were away nobody asked GitHub').waitFor()
    expect(callsOf(api, 'startSignIn')).toHaveLength(1)
  })

  test('stopping gives the code up', async () => {
    const { page } = await browser.open(signedOut(), { path: 'sign-in' })
    await page.getByRole('button', { name: 'Get a code' }).click()
    await page.getByRole('button', { name: 'Stop' }).click()
    await page.getByText('so it signs nobody in').waitFor()
    await expect.poll(() => page.getByText('WDJB-MJHT').count()).toBe(0)
  })
})

test('a relay without an identity asks as whom, and says what that means', async () => {
  const api = signedOut()
  api.answer('startSignIn', ({ identity }: { identity?: string }) => {
    if (identity === 'vscode') return FLOW
    throw new AppError('relay.identity-needed', 'None.')
  })
  const { page } = await browser.open(api, { path: 'sign-in' })
  await page.getByRole('button', { name: 'Get a code' }).click()
  await page.getByText('may lead to suspension').waitFor()
  expect(await seriousFindings(page)).toEqual([])
  await page.getByRole('button', { name: 'Use my app' }).click()
  await page.getByText('The relay still has no app of its own').waitFor()
  await page.getByRole('button', { name: 'Go on as VS Code' }).click()
  await page.getByText('WDJB-MJHT').waitFor()
  expect(callsOf(api, 'startSignIn')).toEqual([{}, { identity: 'own' }, { identity: 'vscode' }])
})

test('a token is handed over and kept nowhere in the page', async () => {
  const api = signedOut()
  const { page } = await browser.open(api, { path: 'sign-in' })
  await page.getByText('GitHub token').click()
  const field = page.getByRole('textbox', { name: 'Token' })
  await expect.poll(() => field.getAttribute('type')).toBe('password')
  await field.fill('ghp_0123456789')
  await page.getByText('classic token').waitFor()
  await field.fill('github_pat_0123456789')
  await page.getByRole('button', { name: 'Give it to the relay' }).click()
  await page.getByText('The relay has taken the token').waitFor()
  expect(callsOf(api, 'giveCredential')).toEqual([{ kind: 'github-token', secret: 'github_pat_0123456789' }])
  await expect.poll(() => field.inputValue()).toBe('')
  const kept = await page.evaluate(
    'JSON.stringify([{ ...sessionStorage }, { ...localStorage }]) + location.href + document.body.innerHTML',
  )
  expect(kept).not.toContain('github_pat_0123456789')
})

test('a token that the relay refuses is told with the reason', async () => {
  const api = signedOut()
  api.answer('giveCredential', () => Promise.reject(new AppError('relay.copilot-refused', 'Status 403.')))
  const { page } = await browser.open(api, { path: 'sign-in' })
  await page.getByText('GitHub token').click()
  await page.getByRole('textbox', { name: 'Token' }).fill('github_pat_0123456789')
  await page.keyboard.press('Enter')
  await page.getByRole('alert').getByText('relay.copilot-refused').waitFor()
})

test('what became of a key is in sight in a window that is no higher than the form', async () => {
  const api = signedOut()
  const words = 'OpenRouter does not take this key (status 401).'
  api.answer('giveCredential', () => Promise.reject(new AppError('relay.token-unusable', words)))
  const { page } = await browser.open(api, { path: 'sign-in', width: 480, height: 640 })
  await page.getByRole('radio', { name: 'OpenRouter' }).check({ force: true })
  await page.getByRole('textbox', { name: 'Key' }).fill('sk-or-v1-0123456789')
  await page.keyboard.press('Enter')
  const notice = page.getByRole('alert').filter({ hasText: words })
  await notice.waitFor()
  const lowerEdge = async (): Promise<number> => {
    const place = await notice.boundingBox()
    return place === null ? Number.NaN : place.y + place.height
  }
  await expect.poll(lowerEdge).toBeLessThanOrEqual(640)
})

test('the sign-in at OpenRouter waits until the relay has the key', async () => {
  const api = signedOut()
  const { page } = await browser.open(api, { path: 'sign-in' })
  await page.getByRole('radio', { name: 'OpenRouter' }).check({ force: true })
  api.answer('openrouterSignIn', () => WAITING)
  await page.getByRole('button', { name: 'Sign in at OpenRouter' }).click()
  const link = page.getByRole('link', { name: /Open openrouter\.ai/ })
  await expect.poll(() => link.getAttribute('href')).toBe('https://openrouter.ai/auth')
  await page.getByText('Waiting for OpenRouter').waitFor()
  api.answer('openrouterSignIn', () => ({ kind: 'done' }))
  await page.getByText('The relay has a key for OpenRouter').waitFor()
  expect(await seriousFindings(page)).toEqual([])
})

test('a relay that has a key already is told apart from one that gets another', async () => {
  const api = fakeBridgeApi()
  api.answer('relaySignInStatus', () => IN)
  const page = await startAtOpenrouter(api)
  await expect.poll(() => page.getByText('The relay has a key for OpenRouter').count()).toBe(0)
  api.answer('openrouterSignIn', () => ({ kind: 'done' }))
  await page.getByText('The relay has a key for OpenRouter').waitFor()
})

test('why OpenRouter gave no key is told where somebody waits for it, and it can be tried again', async () => {
  const api = signedOut()
  const page = await startAtOpenrouter(api)
  api.answer('openrouterSignIn', () => {
    throw new AppError('relay.openrouter-refused', 'OpenRouter gave no key (access_denied).')
  })
  await page.getByRole('alert').getByText('OpenRouter gave no key (access_denied).').waitFor()
  await expect.poll(() => page.getByText('Waiting for OpenRouter').count()).toBe(0)
  api.answer('openrouterSignIn', () => WAITING)
  await page.getByRole('button', { name: 'Sign in at OpenRouter' }).click()
  await page.getByText('Waiting for OpenRouter').waitFor()
})

test('a sign-in at OpenRouter that is stopped is given up by the bridge too', async () => {
  const api = signedOut()
  const page = await startAtOpenrouter(api)
  await page.getByRole('button', { name: 'Stop' }).click()
  await page.getByRole('button', { name: 'Sign in at OpenRouter' }).waitFor()
  expect(callsOf(api, 'stopOpenrouterSignIn')).toEqual([{}])
})

test('a page that is opened while a sign-in at OpenRouter is under way goes on with it', async () => {
  const api = signedOut()
  api.answer('openrouterSignIn', () => WAITING)
  const { page } = await browser.open(api, { path: 'sign-in' })
  await page.getByRole('radio', { name: 'OpenRouter' }).check({ force: true })
  await page.getByText('Waiting for OpenRouter').waitFor()
  expect(callsOf(api, 'startOpenrouterSignIn')).toEqual([])
})

test('a page that is none of OpenRouter is not opened, and nobody waits for it', async () => {
  const api = signedOut()
  api.answer('startOpenrouterSignIn', () => ({ url: 'https://openrouter.ai.evil.example/auth' }))
  const { page } = await browser.open(api, { path: 'sign-in' })
  await page.getByRole('radio', { name: 'OpenRouter' }).check({ force: true })
  await page.getByRole('button', { name: 'Sign in at OpenRouter' }).click()
  await page.getByText('is not a page of OpenRouter, so it is not opened.').waitFor()
  expect(callsOf(api, 'stopOpenrouterSignIn')).toEqual([{}])
})

test('that a key was taken is said until it is forgotten or another one is typed', async () => {
  const api = signedOut()
  const { page } = await browser.open(api, { path: 'sign-in' })
  await page.getByRole('radio', { name: 'OpenRouter' }).check({ force: true })
  const taken = page.getByText('The relay has a key for OpenRouter')
  const give = async (): Promise<void> => {
    await page.getByRole('textbox', { name: 'Key' }).fill('sk-or-v1-0123456789')
    await page.keyboard.press('Enter')
    await taken.waitFor()
  }
  api.answer('relaySignInStatus', () => IN)
  await give()
  await page.getByRole('textbox', { name: 'Key' }).fill('s')
  await expect.poll(() => taken.count()).toBe(0)
  await give()
  await page.getByRole('button', { name: 'Forget key (OpenRouter)' }).click()
  api.answer('relaySignInStatus', () => OUT)
  await page.getByRole('dialog').getByRole('button', { name: 'Forget key' }).click()
  await page.getByText('No key').waitFor()
  await expect.poll(() => taken.count()).toBe(0)
})

test('signing out asks first, and Escape changes nothing', async () => {
  const api = fakeBridgeApi()
  api.answer('relaySignInStatus', () => IN)
  const { page } = await browser.open(api, { path: 'sign-in', isDark: true, width: 360 })
  const signOut = page.getByRole('button', { name: 'Sign out (GitHub Copilot)' })
  await signOut.click()
  await page.getByRole('dialog', { name: 'Sign out of GitHub Copilot?' }).waitFor()
  expect(await seriousFindings(page)).toEqual([])
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  expect(callsOf(api, 'signOut')).toEqual([])
  await expect.poll(() => isFocused(signOut)).toBe(true)
  await signOut.click()
  await page.getByRole('dialog').getByRole('button', { name: 'Sign out' }).click()
  await expect.poll(() => callsOf(api, 'signOut'), PATIENCE).toEqual([{ upstream: 'copilot' }])
  await page.getByRole('dialog').waitFor({ state: 'detached' })
})

test('a bridge that is disconnected offers to connect', async () => {
  const api = fakeBridgeApi()
  api.answer('relaySignInStatus', () => Promise.reject(new AppError('bridge.disconnected', 'Disconnected.')))
  const { page } = await browser.open(api, { path: 'sign-in' })
  await page.getByText('The bridge is disconnected').waitFor()
  expect(await seriousFindings(page)).toEqual([])
  api.answer('relaySignInStatus', () => IN)
  await page.getByRole('button', { name: 'Connect' }).click()
  await page.getByText('Signed in as VS Code').waitFor()
  expect(callsOf(api, 'connect')).toHaveLength(1)
})
