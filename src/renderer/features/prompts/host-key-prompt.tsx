import { type ReactNode, useState } from 'react'
import { CodeText } from '../../ui/code-text.tsx'
import { Facts } from '../../ui/facts.tsx'
import { Input } from '../../ui/field.tsx'
import { plain } from '../../ui/plain.ts'
import { SafeText } from '../../ui/safe-text.tsx'
import { State } from '../../ui/state.tsx'
import { words } from '../../words/words.ts'
import { Fingerprint } from './fingerprint.tsx'
import { compareFingerprint, showKeyCommand } from './fingerprint-parts.ts'
import { firstFocus } from './first-focus.ts'
import { PromptForm, type PromptProps, useAnswer } from './prompt-form.tsx'

/** A host that this computer has never spoken to: its key, and how to find out whether it is the right one. */
export function HostKeyPrompt({ prompt, before, onAnswered }: PromptProps<'host-key'>): ReactNode {
  const { host, port, keyType, fingerprint } = prompt
  const answer = useAnswer(prompt.id, onAnswered)
  const [typed, setTyped] = useState('')
  const comparison = compareFingerprint(typed, fingerprint)
  return (
    <PromptForm
      title={words.prompts.hostKeyTitle(plain(host, 80))}
      before={before}
      answer={answer}
      submit={words.prompts.accept}
      cancel={words.prompts.refuse}
      canSubmit={comparison !== 'different'}
      onSubmit={() => ({ kind: 'host-key', accept: true })}
      onCancel={() => ({ kind: 'host-key', accept: false })}
    >
      <p>{words.prompts.hostKeyLead(plain(host, 80))}</p>
      <Facts
        facts={[
          { name: words.prompts.host, value: <SafeText text={port === 22 ? host : `${host}:${port}`} /> },
          { name: words.prompts.keyType, value: <SafeText text={keyType} /> },
        ]}
      />
      <div className="stack">
        <h3>{words.prompts.fingerprint}</h3>
        <Fingerprint fingerprint={fingerprint} canCopy />
      </div>
      <div className="stack compare">
        <h3>{words.prompts.compareHow}</h3>
        <p className="muted">{words.prompts.compareText}</p>
        <CodeText text={showKeyCommand(keyType)} copyLabel={words.prompts.copyCommand} />
        <Input
          ref={firstFocus}
          label={words.prompts.compareLabel}
          hint={words.prompts.compareHint}
          error={comparison === 'different' ? words.prompts.compareDiffers : undefined}
          isMono
          value={typed}
          onChange={setTyped}
          maxLength={500}
        />
        <span role="status">
          {comparison === 'same' && <State tone="good">{words.prompts.compareSame}</State>}
        </span>
      </div>
    </PromptForm>
  )
}
