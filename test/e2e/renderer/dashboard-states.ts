import { expect } from 'vitest'
import type { BridgeState } from '../../../src/shared/state/bridge-state.ts'
import type { FakeBridgeApi } from '../../support/fake-bridge-api.ts'
import { makeBusyState, makeDashboardApi, makeTroubledState } from '../../support/make-dashboard.ts'

export const now = (): number => Date.now()

/** Machines that do much else need longer than the second that a poll has by itself. */
export const soon = <T>(look: () => Promise<T> | T) => expect.poll(look, { timeout: 10_000 })

export function busyApi(change: Partial<BridgeState> = {}): FakeBridgeApi {
  return makeDashboardApi(makeBusyState(now(), change), now())
}

/** With the address of this computer free, so that no question about it is in the way. */
export function troubledState(): BridgeState {
  const { agent } = makeBusyState(now())
  return { ...makeTroubledState(now()), agent }
}

export function disconnectedState(): BridgeState {
  const busy = makeBusyState(now())
  return {
    ...busy,
    wanted: 'disconnected',
    agent: { phase: 'off' },
    ollama: { kind: 'off' },
    relay: { ...busy.relay, link: { phase: 'idle' }, health: { kind: 'unknown' } },
    clients: busy.clients.map((client) => ({
      ...client,
      link: { phase: 'idle' },
      listener: { phase: 'off' },
    })),
  }
}
