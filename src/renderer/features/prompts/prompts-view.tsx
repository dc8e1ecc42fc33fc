import { type ReactNode, useMemo } from 'react'
import { useBridgeState } from '../../store/bridge-context.tsx'
import { ButtonLink } from '../../ui/button-link.tsx'
import { Notice } from '../../ui/notice.tsx'
import { hashOf } from '../../ui/use-hash.ts'
import { words } from '../../words/words.ts'
import { changedHostKeys, portConflicts } from './attention.ts'
import { ChangedKeyNotice } from './changed-key-notice.tsx'
import { PortNotice } from './port-prompt.tsx'
import { PromptHost } from './prompt-host.tsx'

/** Everything that waits for a person, on a page of its own. */
export function PromptsView(): ReactNode {
  const state = useBridgeState((whole) => whole)
  const conflicts = useMemo(() => portConflicts(state), [state])
  const changed = useMemo(() => changedHostKeys(state), [state])
  const isEmpty = conflicts.length === 0 && changed.length === 0 && state.prompts.length === 0
  return (
    <>
      <header className="prompts-head">
        <h1>{words.prompts.title}</h1>
        <ButtonLink href={hashOf('')} look="quiet" icon="dashboard">
          {words.shell.dashboard}
        </ButtonLink>
        <p className="muted">{words.prompts.lead}</p>
      </header>
      {changed.map((one) => (
        <ChangedKeyNotice key={one.place} changed={one} />
      ))}
      {conflicts.map((conflict) => (
        <PortNotice key={conflict.key} conflict={conflict} />
      ))}
      {isEmpty && (
        <Notice tone="good" title={words.prompts.none}>
          {words.prompts.noneText}
        </Notice>
      )}
      <PromptHost withPorts={false} />
    </>
  )
}
