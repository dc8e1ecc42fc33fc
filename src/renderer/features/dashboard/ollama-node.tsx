import type { ReactNode } from 'react'
import type { OllamaState } from '../../../shared/state/ollama.ts'
import { Latency } from '../../ui/measures.tsx'
import { SafeText } from '../../ui/safe-text.tsx'
import { words } from '../../words/words.ts'
import type { PartWord } from './part-words.ts'
import { NAME_LENGTH, PathNode } from './path-node.tsx'

const { path: say } = words.dashboard
const { states } = words

interface OllamaNodeProps {
  readonly ollama: Exclude<OllamaState, { kind: 'off' }>
}

const PARTS: Readonly<Record<OllamaNodeProps['ollama']['kind'], PartWord>> = {
  unknown: { tone: 'quiet', word: states.notAsked },
  failing: { tone: 'bad', word: states.notAnswering },
  ok: { tone: 'good', word: states.ready },
}

/** The Ollama beside the path. */
export function OllamaNode({ ollama }: OllamaNodeProps): ReactNode {
  return (
    <PathNode
      icon="chip"
      kind={say.beside}
      name={say.ollama}
      part={PARTS[ollama.kind]}
      facts={[
        <SafeText key="place" text={ollama.place} maxLength={NAME_LENGTH} />,
        ...(ollama.kind === 'ok'
          ? [
              <>
                {say.models(ollama.models.length)} · {say.answersIn}
                <Latency ms={ollama.roundTripMs} />
              </>,
            ]
          : []),
      ]}
    />
  )
}
