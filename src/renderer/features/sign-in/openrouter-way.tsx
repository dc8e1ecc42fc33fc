import type { ReactNode } from 'react'
import { Button } from '../../ui/button.tsx'
import { FailureNotice, Notice } from '../../ui/notice.tsx'
import { words } from '../../words/words.ts'
import { PageLink } from './page-link.tsx'
import { SecretForm } from './secret-form.tsx'
import { useOpenrouterSignIn } from './use-openrouter-sign-in.ts'

const KEYS_PAGE = 'https://openrouter.ai/settings/keys'

interface Props {
  readonly onChanged: () => void
}

/** OpenRouter: by signing in there, or with a key that one has. */
export function OpenrouterWay({ onChanged }: Props): ReactNode {
  return (
    <>
      <p className="muted">{words.signIn.keyLead}</p>
      <SignInThere onChanged={onChanged} />
      <p className="or">
        <span>{words.signIn.or}</span>
      </p>
      <SecretForm
        kind="openrouter-key"
        label={words.signIn.keyLabel}
        hint={words.signIn.keyHint}
        submit={words.signIn.giveKey}
        submitting={words.signIn.givingToken}
        failedTitle={words.signIn.keyFailed}
        takenTitle={words.signIn.keyTaken}
        takenText={words.signIn.keyTakenText}
        mistakeIn={(key) => (key.startsWith('sk-or-') ? undefined : words.signIn.keyWrong)}
        onChanged={onChanged}
      />
      <div className="row">
        <PageLink href={KEYS_PAGE} size="s">
          {words.signIn.keyPage}
        </PageLink>
      </div>
    </>
  )
}

function SignInThere({ onChanged }: Props): ReactNode {
  const { attempt, starting, stopping } = useOpenrouterSignIn(onChanged)
  if (attempt.kind === 'waiting')
    return (
      <div className="stack">
        <div className="row">
          <PageLink href={attempt.href} look="primary" size="l">
            {words.signIn.openPage('openrouter.ai')}
          </PageLink>
        </div>
        <Notice
          tone="busy"
          title={words.signIn.keyWaiting}
          actions={
            <Button onClick={stopping.run} isBusy={stopping.isRunning}>
              {words.signIn.stop}
            </Button>
          }
        >
          {words.signIn.keyWaitingText}
        </Notice>
        {stopping.error !== undefined && (
          <FailureNotice title={words.signIn.keyStopFailed} failure={stopping.error} isUrgent />
        )}
      </div>
    )
  return (
    <div className="stack">
      {attempt.kind === 'done' && (
        <Notice tone="good" title={words.signIn.keyTaken} isUrgent>
          {words.signIn.keyTakenText}
        </Notice>
      )}
      {attempt.kind === 'failed' && (
        <FailureNotice title={words.signIn.keySignInFailed} failure={attempt.error} isUrgent />
      )}
      {attempt.kind !== 'done' && <p>{words.signIn.keyBrowserText}</p>}
      {attempt.kind !== 'done' && (
        <div className="row">
          <Button look="primary" onClick={starting.run} isBusy={starting.isRunning}>
            {words.signIn.keyStart}
          </Button>
        </div>
      )}
      {starting.error !== undefined && (
        <FailureNotice title={words.signIn.keyStartFailed} failure={starting.error} isUrgent />
      )}
    </div>
  )
}
