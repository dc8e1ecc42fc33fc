import type { BridgeState } from '../../../shared/state/bridge-state.ts'
import type { BridgeStore } from '../../store/bridge-store.ts'

/** Resolves with true as soon as the state fits, or with false once it took too long. */
export function whenState(
  { store }: BridgeStore,
  fits: (state: BridgeState) => boolean,
  withinMs: number,
): Promise<boolean> {
  const isThere = (): boolean => {
    const { state } = store.getState()
    return state !== undefined && fits(state)
  }
  if (isThere()) return Promise.resolve(true)
  return new Promise((resolve) => {
    const end = (result: boolean): void => {
      clearTimeout(timer)
      off()
      resolve(result)
    }
    const timer = setTimeout(() => end(false), withinMs)
    const off = store.subscribe(() => {
      if (isThere()) end(true)
    })
  })
}
