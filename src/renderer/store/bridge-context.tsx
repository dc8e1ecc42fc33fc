import { createContext, type ReactNode, use } from 'react'
import { useStore } from 'zustand'
import type { BridgeApi } from '../../shared/bridge-api/calls.ts'
import type { BridgeState } from '../../shared/state/bridge-state.ts'
import type { BridgeStore, Mirror } from './bridge-store.ts'

const Context = createContext<BridgeStore | undefined>(undefined)

export function BridgeProvider({
  bridge,
  children,
}: {
  bridge: BridgeStore
  children: ReactNode
}): ReactNode {
  return <Context value={bridge}>{children}</Context>
}

export function useBridge(): BridgeStore {
  const bridge = use(Context)
  if (bridge === undefined) throw new Error('There is no BridgeProvider around this component.')
  return bridge
}

export function useApi(): BridgeApi {
  return useBridge().api
}

/** A part of the mirror; the component is drawn again only when that part changes. */
export function useMirror<T>(select: (mirror: Mirror) => T): T {
  return useStore(useBridge().store, select)
}

/**
 * A part of the bridge's state. Only for components below the shell, which shows them once there is a state.
 * What `select` returns must be part of the state or a plain value, not made anew each time.
 */
export function useBridgeState<T>(select: (state: BridgeState) => T): T {
  return useMirror(({ state }) => {
    if (state === undefined)
      throw new Error('There is no state yet; the shell shows views only after the first.')
    return select(state)
  })
}

/** Whether what is shown may be out of date because the bridge does not talk to this page. */
export function useIsStale(): boolean {
  return useMirror(({ connection }) => connection.phase !== 'open')
}
