import type { ReactNode } from 'react'

/** The first open question of the bridge, over whatever view is open; nothing while there is none. */
export function PromptDialog(): ReactNode {
  return null
}
