import {
  BRIDGE_CALLS,
  type BridgeApi,
  type BridgeEvents,
  type CallName,
} from '../../src/shared/bridge-api/calls.ts'
import { settingsSchema } from '../../src/shared/settings/schema.ts'
import type { BridgeState } from '../../src/shared/state/bridge-state.ts'
import { makeBridgeState, NOON } from './make-bridge-state.ts'

export interface FakeBridgeApi extends BridgeApi {
  /** Every call with its arguments, in order. */
  readonly calls: readonly (readonly [CallName, unknown])[]
  readonly listenerCount: number
  /** Sets the state and tells everybody, with the next revision. */
  publish(change?: Partial<BridgeState>): BridgeState
  /** Answers one call otherwise from now on. */
  answer(name: CallName, handler: (args: never) => unknown): void
}

/** A bridge that remembers what it was asked; derived from the list of calls, so that it is never behind. */
export function fakeBridgeApi(initial: Partial<BridgeState> = {}): FakeBridgeApi {
  let state = makeBridgeState(initial)
  const calls: (readonly [CallName, unknown])[] = []
  const listeners = new Set<(payload: BridgeState) => void>()
  const handlers = new Map<CallName, (args: never) => unknown>(
    Object.entries({
      getState: () => state,
      getSettings: () => settingsSchema.parse({}),
      relaySignInStatus: () => ({ authenticated: true, message: 'Signed in.' }),
      giveCredential: () => ({ authenticated: true, message: 'Signed in.' }),
      startSignIn: () => STARTED_FLOW,
      pollSignIn: () => ({ status: 'pending', message: 'Not yet.' }),
      relayUsage: () => ({ requests: 3 }),
      getSettingsFile: () => ({
        path: '/home/eve/settings.json',
        text: '{}\n',
        existed: true,
        revision: 'r1',
      }),
      checkSettings: () => ({ mistakes: [] }),
      listSshHosts: () => ({ hosts: [] }),
      startJob: () => ({ id: 'job-1' }),
      recentRequests: () => ({ generatedAt: '2026-11-21T12:00:00.000Z', requests: [] }),
      startOpenrouterSignIn: () => ({ url: 'https://openrouter.ai/auth' }),
      openrouterSignIn: () => ({ kind: 'none' }),
      runChecks: () => ({ at: NOON, checks: [] }),
      makeReport: () => ({ fileName: 'report.zip', files: [], zipBase64: '' }),
    }) as [CallName, () => unknown][],
  )
  const names = Object.keys(BRIDGE_CALLS) as CallName[]
  const methods = names.map((name) => [
    name,
    async (args: never) => {
      calls.push([name, args])
      return await handlers.get(name)?.(args)
    },
  ])
  const own = {
    calls,
    get listenerCount() {
      return listeners.size
    },
    on(_event: 'state', listener: (payload: BridgeEvents['state']) => void) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    publish(change: Partial<BridgeState> = {}) {
      state = { ...state, ...change, revision: state.revision + 1 }
      for (const listener of [...listeners]) listener(state)
      return state
    },
    answer(name: CallName, handler: (args: never) => unknown) {
      handlers.set(name, handler)
    },
  }
  return Object.assign(own, Object.fromEntries(methods)) as unknown as FakeBridgeApi
}

const STARTED_FLOW = {
  success: true,
  user_code: 'ABCD-1234',
  verification_uri: 'https://github.com/login/device',
  flow_id: 'flow-1',
  expires_in: 900,
  interval: 5,
  message: 'Enter the code.',
}
