import type { ReactNode } from 'react'
import { PromptHost } from './prompt-host.tsx'

/** The first open question of the bridge, over whatever view is open; nothing while there is none. */
export function PromptDialog(): ReactNode {
  return <PromptHost withPorts />
}
