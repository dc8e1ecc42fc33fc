import type { ReactNode } from 'react'
import type { BridgeState, ListenerState } from '../../../shared/state/bridge-state.ts'
import type { EgressState } from '../../../shared/state/egress.ts'
import { SafeText } from '../../ui/safe-text.tsx'
import { words } from '../../words/words.ts'
import { proxyText } from './egress-words.ts'
import { listenerWord, type PartWord } from './part-words.ts'
import { NAME_LENGTH, PathNode } from './path-node.tsx'

const { path: say } = words.dashboard
const { states } = words

interface ComputerNodeProps {
  readonly agent: ListenerState
  readonly egress: EgressState
  readonly wanted: BridgeState['wanted']
}

/** Where the programs of this computer find the relay. */
export function ComputerNode({ agent, egress, wanted }: ComputerNodeProps): ReactNode {
  const part: PartWord =
    wanted === 'disconnected' && agent.phase === 'off'
      ? { tone: 'quiet', word: states.off }
      : listenerWord(agent)
  const address = agent.phase === 'off' ? undefined : agent.address
  return (
    <PathNode
      icon="laptop"
      kind={say.computer}
      name={words.shell.product}
      part={part}
      facts={
        address === undefined
          ? []
          : [
              <>
                {agent.phase === 'listening' && say.listensOn}
                <SafeText text={address} maxLength={NAME_LENGTH} />
              </>,
              proxyText(egress),
            ]
      }
    />
  )
}
