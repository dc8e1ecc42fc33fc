import type { ReactNode, Ref } from 'react'
import { Icon, type IconName } from '../../ui/icon.tsx'
import { Since, Until } from '../../ui/measures.tsx'
import { State } from '../../ui/state.tsx'
import { words } from '../../words/words.ts'
import type { PartWord } from './part-words.ts'

/** Longer names are cut in the diagram; the whole name is their hint. */
export const NAME_LENGTH = 80

export interface PathNodeProps {
  readonly icon: IconName
  /** What it is: "Client". */
  readonly kind: ReactNode
  readonly name: ReactNode
  readonly part: PartWord
  readonly facts?: readonly ReactNode[]
  readonly action?: ReactNode
  readonly ref?: Ref<HTMLDivElement>
}

/** One hop of the path: what it is, how it is and since when. */
export function PathNode({ icon, kind, name, part, facts = [], action, ref }: PathNodeProps): ReactNode {
  return (
    <div ref={ref} className={`path-node tone-${part.tone}`}>
      <p className="path-kind">
        <Icon name={icon} /> <span>{kind}</span>
        {action !== undefined && <span className="path-action">{action}</span>}
      </p>
      <h3 className="path-name">{name}</h3>
      <p className="path-state">
        <State tone={part.tone}>{part.word}</State>
        <Times part={part} />
      </p>
      {facts.length > 0 && (
        <ul className="path-facts">
          {facts.map((fact, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: facts have no identity and keep their order
            <li key={index}>{fact}</li>
          ))}
        </ul>
      )}
    </div>
  )
}

function Times({ part: { since, nextTryAt } }: { readonly part: PartWord }): ReactNode {
  if (nextTryAt !== undefined) {
    return (
      <span className="faint">
        {words.dashboard.troubles.nextTry}
        <Until at={nextTryAt} />
      </span>
    )
  }
  if (since === undefined) return null
  return (
    <span className="faint">
      {words.dashboard.path.since}
      <Since at={since} />
    </span>
  )
}
