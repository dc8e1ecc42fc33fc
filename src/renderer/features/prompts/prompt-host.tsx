import { type ReactNode, useCallback, useEffect, useMemo, useRef, useState } from 'react'
import type { Prompt } from '../../../shared/state/prompt.ts'
import { useBridgeState } from '../../store/bridge-context.tsx'
import { Button } from '../../ui/button.tsx'
import { Notice } from '../../ui/notice.tsx'
import { plain } from '../../ui/plain.ts'
import { words } from '../../words/words.ts'
import { type PortConflict, portConflicts } from './attention.ts'
import { HostKeyPrompt } from './host-key-prompt.tsx'
import { InteractivePrompt } from './interactive-prompt.tsx'
import { PortPrompt } from './port-prompt.tsx'
import { NOTHING_SEEN, nextPrompt, type SeenPrompt } from './prompt-queue.ts'
import './prompts.css'
import { PassphrasePrompt, PasswordPrompt } from './secret-prompts.tsx'

/** One question at a time, and a word about one that went away by itself. */
export function PromptHost({ withPorts }: { readonly withPorts: boolean }): ReactNode {
  const prompts = useBridgeState((state) => state.prompts)
  const answered = useRef(new Set<string>())
  const [seen, setSeen] = useState<SeenPrompt>(NOTHING_SEEN)
  const { current, waiting, gone } = nextPrompt(seen, prompts, answered.current)
  useEffect(() => setSeen({ shown: current, gone }), [current, gone])
  const conflict = useConflict(withPorts && current === undefined)

  const dismiss = useCallback(() => setSeen(({ shown }) => ({ shown, gone: undefined })), [])
  const onAnswered = useCallback((id: string, isAnswered: boolean) => {
    if (isAnswered) answered.current.add(id)
    else answered.current.delete(id)
    setSeen(({ shown }) => ({ shown, gone: undefined }))
  }, [])
  const before = (
    <>
      {gone !== undefined && <Notice tone="quiet" title={goneText(gone)} isUrgent />}
      {waiting > 0 && <p className="faint">{words.prompts.more(waiting)}</p>}
    </>
  )
  if (current !== undefined)
    return <OnePrompt key={current.id} prompt={current} before={before} onAnswered={onAnswered} />
  if (conflict.first !== undefined)
    return (
      <PortPrompt
        key={conflict.first.key}
        conflict={conflict.first}
        before={before}
        onLater={conflict.later}
      />
    )
  if (gone === undefined) return null
  return (
    <div className="prompt-gone">
      <Notice
        tone="quiet"
        title={words.prompts.goneTitle}
        isUrgent
        actions={<Button onClick={dismiss}>{words.prompts.understood}</Button>}
      >
        {goneText(gone)}
      </Notice>
    </div>
  )
}

interface Conflicts {
  readonly first: PortConflict | undefined
  readonly later: (conflict: PortConflict) => void
}

/** Ports that nobody has put off yet. */
function useConflict(isWanted: boolean): Conflicts {
  const state = useBridgeState((whole) => whole)
  const [putOff, setPutOff] = useState<readonly string[]>([])
  const first = useMemo(
    () => (isWanted ? portConflicts(state).find(({ key }) => !putOff.includes(key)) : undefined),
    [isWanted, state, putOff],
  )
  return { first, later: ({ key }) => setPutOff((before) => [...before, key]) }
}

interface OneProps {
  readonly prompt: Prompt
  readonly before: ReactNode
  readonly onAnswered: (id: string, isAnswered: boolean) => void
}

function OnePrompt({ prompt, ...rest }: OneProps): ReactNode {
  switch (prompt.kind) {
    case 'host-key':
      return <HostKeyPrompt prompt={prompt} {...rest} />
    case 'passphrase':
      return <PassphrasePrompt prompt={prompt} {...rest} />
    case 'password':
      return <PasswordPrompt prompt={prompt} {...rest} />
    case 'keyboard-interactive':
      return <InteractivePrompt prompt={prompt} {...rest} />
  }
}

function goneText(prompt: Prompt): string {
  return words.prompts.gone[prompt.kind](
    plain(prompt.kind === 'passphrase' ? prompt.keyFile : prompt.host, 80),
  )
}
