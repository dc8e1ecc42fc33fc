import type { BridgeState } from '../state/bridge-state.ts'
import type { BridgeApi } from './calls.ts'

/**
 * Follows the state without a gap: subscribes first, then asks for a snapshot, and drops whatever is older than
 * what was told already. Rejects when the snapshot cannot be had.
 *
 * @returns the unsubscribe function, once the first state has been told.
 */
export async function watchState(
  api: Pick<BridgeApi, 'on' | 'getState'>,
  listener: (state: BridgeState) => void,
): Promise<() => void> {
  let newest = -1
  const tell = (state: BridgeState): void => {
    if (state.revision <= newest) return
    newest = state.revision
    listener(state)
  }
  const off = api.on('state', tell)
  try {
    tell(await api.getState({}))
  } catch (error) {
    off()
    throw error
  }
  return off
}
