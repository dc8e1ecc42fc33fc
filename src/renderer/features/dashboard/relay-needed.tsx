import type { ReactNode } from 'react'
import { isUp } from '../../../shared/state/link.ts'
import { useBridgeState, useIsStale } from '../../store/bridge-context.tsx'
import { words } from '../../words/words.ts'

/** Whether there is anybody to ask; what is wrong with the relay otherwise is told elsewhere. */
export function useCanAskRelay(): boolean {
  const isStale = useIsStale()
  return useBridgeState(({ relay: { link, health } }) => isUp(link) && health.kind !== 'failing') && !isStale
}

/** Why there are no numbers yet: they come from the relay. */
export function RelayNeeded(): ReactNode {
  const wanted = useBridgeState((state) => state.wanted)
  const { disconnected, outOfReach } = words.dashboard.usage
  return <p className="muted">{wanted === 'connected' ? outOfReach : disconnected}</p>
}
