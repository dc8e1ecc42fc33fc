import type { BridgeState } from '../../src/shared/state/bridge-state.ts'
import { type FakeBridgeApi, fakeBridgeApi } from './fake-bridge-api.ts'

/** How a relay without an account answers. */
export const OUT = {
  authenticated: false,
  message: 'Not signed in.',
  copilot: { authenticated: false, identity: 'own', route: 'direct' },
  openrouter: { authenticated: false },
}
/** How one answers that has all of them. */
export const IN = {
  authenticated: true,
  message: 'Signed in.',
  copilot: { authenticated: true, identity: 'vscode', route: 'exchange' },
  openrouter: { authenticated: true },
}
/** A code that waits to be entered. */
export const FLOW = {
  success: true,
  user_code: 'WDJB-MJHT',
  verification_uri: 'https://github.com/login/device',
  flow_id: 'flow-1',
  expires_in: 900,
  interval: 0,
  message: '',
}

/** A bridge whose relay has no account, and gives a code to whoever asks. */
export function signedOut(state: Partial<BridgeState> = {}): FakeBridgeApi {
  const api = fakeBridgeApi(state)
  api.answer('relaySignInStatus', () => OUT)
  api.answer('startSignIn', () => FLOW)
  return api
}
