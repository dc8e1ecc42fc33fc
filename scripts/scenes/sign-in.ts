import { AppError } from '../../src/shared/errors/app-error.ts'
import type { ErrorCode } from '../../src/shared/errors/codes.ts'
import { type FakeBridgeApi, fakeBridgeApi } from '../../test/support/fake-bridge-api.ts'
import { FLOW, IN, signedOut } from '../../test/support/make-sign-in.ts'
import { press, type Scene, type Staged } from './scene.ts'

function signedIn(): FakeBridgeApi {
  const api = fakeBridgeApi()
  api.answer('relaySignInStatus', () => IN)
  return api
}

const getCode = ({ page }: Staged): Promise<void> => press(page, 'Get a code')

/** A code that was not taken, and why. */
function ending(name: string, status: string, code: ErrorCode, message: string): Scene {
  return {
    name: `sign-in-${name}`,
    api: () => {
      const api = signedOut()
      api.answer('pollSignIn', () => ({ status, code, message }))
      return api
    },
    act: async (staged) => {
      await getCode(staged)
      await staged.page.getByRole('alert').waitFor()
    },
  }
}

const OUTCOMES: readonly Scene[] = [
  ending('denied', 'denied', 'relay.sign-in-denied', 'The sign-in was refused in the browser.'),
  ending('expired', 'expired', 'relay.sign-in-expired', 'The code was not entered within 15 minutes.'),
  ending(
    'no-copilot',
    'error',
    'relay.copilot-refused',
    'GitHub answered with status 403: No access to GitHub Copilot found.',
  ),
  ending(
    'blocked',
    'error',
    'relay.copilot-blocked',
    'GitHub answered with status 403: Access is disabled by the policy of an organisation.',
  ),
  {
    name: 'sign-in-slow-down',
    api: () => {
      const api = signedOut()
      api.answer('pollSignIn', () => ({ status: 'pending', message: '', retry_after_ms: 11_000 }))
      return api
    },
    act: async (staged) => {
      await getCode(staged)
      await staged.page.getByText(FLOW.user_code).waitFor()
      // The first answer comes after the first wait.
      await staged.page.waitForTimeout(2000)
    },
  },
  {
    name: 'sign-in-done',
    api: () => {
      const api = signedOut()
      api.answer('pollSignIn', () => {
        api.answer('relaySignInStatus', () => IN)
        return { status: 'success', message: 'Signed in.' }
      })
      return api
    },
    act: async (staged) => {
      await getCode(staged)
      await staged.page.getByText('Signed in to GitHub Copilot').waitFor()
    },
  },
]

const WAYS: readonly Scene[] = [
  { name: 'sign-in', api: () => signedOut() },
  {
    name: 'sign-in-code',
    api: () => signedOut(),
    act: async (staged) => {
      await getCode(staged)
      await staged.page.getByText(FLOW.user_code).waitFor()
    },
    isNarrowToo: true,
  },
  {
    name: 'sign-in-as-whom',
    api: () => {
      const api = signedOut()
      api.answer('startSignIn', () => {
        throw new AppError('relay.identity-needed', 'Somebody has to choose as whom the relay signs in.')
      })
      return api
    },
    act: getCode,
  },
  {
    name: 'sign-in-token',
    api: () => signedOut(),
    act: async ({ page }) => {
      await page.getByText('GitHub token').click()
      await page.getByRole('textbox', { name: 'Token' }).fill('ghp_0123456789')
    },
  },
  {
    name: 'sign-in-openrouter',
    api: () => signedOut(),
    act: ({ page }) => page.getByText('OpenRouter').last().click(),
  },
  { name: 'sign-in-accounts', api: signedIn },
  { name: 'sign-in-sign-out', api: signedIn, act: ({ page }) => press(page, 'Sign out') },
  {
    name: 'sign-in-disconnected',
    api: () => {
      const api = fakeBridgeApi({ wanted: 'disconnected' })
      api.answer('relaySignInStatus', () => {
        throw new AppError('bridge.disconnected', 'The bridge is disconnected.')
      })
      return api
    },
  },
]

export const SIGN_IN: readonly Scene[] = [...WAYS, ...OUTCOMES].map((scene) => ({
  ...{ path: 'sign-in', width: 480, height: 640 },
  ...scene,
}))
