import { type ReactNode, useState } from 'react'
import { useBridgeState } from '../../store/bridge-context.tsx'
import { Facts } from '../../ui/facts.tsx'
import { Checkbox, Input } from '../../ui/field.tsx'
import { plain } from '../../ui/plain.ts'
import { SafeText } from '../../ui/safe-text.tsx'
import { words } from '../../words/words.ts'
import { firstFocus } from './first-focus.ts'
import { PromptForm, type PromptProps, useAnswer } from './prompt-form.tsx'

/** The passphrase of a private key file. */
export function PassphrasePrompt({ prompt, before, onAnswered }: PromptProps<'passphrase'>): ReactNode {
  const { keyFile, attempt, canRemember, keptIn = words.prompts.keychainOfThis } = prompt
  const answer = useAnswer(prompt.id, onAnswered)
  const [passphrase, setPassphrase] = useState('')
  const [remember, setRemember] = useState(false)
  return (
    <PromptForm
      title={words.prompts.passphraseTitle}
      before={before}
      answer={answer}
      submit={words.prompts.unlock}
      canSubmit={passphrase !== ''}
      onSubmit={() => {
        setPassphrase('')
        return { kind: 'passphrase', passphrase, remember }
      }}
    >
      <p className="muted">{words.prompts.passphraseLead}</p>
      <Facts facts={[{ name: words.prompts.keyFile, value: <SafeText text={keyFile} maxLength={200} /> }]} />
      <Input
        ref={firstFocus}
        label={words.prompts.passphrase}
        error={attempt > 1 ? words.prompts.attempt(attempt) : undefined}
        type="password"
        value={passphrase}
        onChange={setPassphrase}
      />
      {canRemember && (
        <Checkbox
          label={words.prompts.remember}
          hint={words.prompts.rememberHint(plain(keptIn, 300))}
          isOn={remember}
          onChange={setRemember}
        />
      )}
      {!canRemember && <NotKept />}
    </PromptForm>
  )
}

/** Nothing is said to somebody who has chosen to be asked. */
function NotKept(): ReactNode {
  const secrets = useBridgeState((state) => state.secrets)
  if (secrets.kind !== 'unavailable') return null
  return (
    <p className="muted">
      {words.prompts.notKept[secrets.by]} <SafeText text={`(${secrets.reason}.)`} maxLength={200} />{' '}
      {words.prompts.notKeptNext}
    </p>
  )
}

/** The password of an account on a host. */
export function PasswordPrompt({ prompt, before, onAnswered }: PromptProps<'password'>): ReactNode {
  const { user, host, attempt } = prompt
  const answer = useAnswer(prompt.id, onAnswered)
  const [password, setPassword] = useState('')
  return (
    <PromptForm
      title={words.prompts.passwordTitle(plain(host, 80))}
      before={before}
      answer={answer}
      submit={words.prompts.logIn}
      canSubmit={password !== ''}
      onSubmit={() => {
        setPassword('')
        return { kind: 'password', password }
      }}
    >
      <p className="muted">{words.prompts.passwordLead}</p>
      <Facts
        facts={[{ name: words.prompts.login, value: <SafeText text={`${user}@${host}`} maxLength={200} /> }]}
      />
      <Input
        ref={firstFocus}
        label={words.prompts.password}
        error={attempt > 1 ? words.prompts.attempt(attempt) : undefined}
        type="password"
        value={password}
        onChange={setPassword}
      />
    </PromptForm>
  )
}
