import type { ReactNode } from 'react'
import { useBridgeState } from '../../store/bridge-context.tsx'
import { words } from '../../words/words.ts'

/** Why there are no numbers yet: they come from the relay. */
export function RelayNeeded(): ReactNode {
  const wanted = useBridgeState((state) => state.wanted)
  const { disconnected, outOfReach } = words.dashboard.usage
  return <p className="muted">{wanted === 'connected' ? outOfReach : disconnected}</p>
}
