import { type ReactNode, useState } from 'react'
import { AppError } from '../../../shared/errors/app-error.ts'
import { useApi } from '../../store/bridge-context.tsx'
import { useAction } from '../../store/use-action.ts'
import { Button } from '../../ui/button.tsx'
import { FailureNotice, Notice } from '../../ui/notice.tsx'
import { plain } from '../../ui/plain.ts'
import { words } from '../../words/words.ts'
import { openrouterPage } from './page-address.ts'
import { PageLink } from './page-link.tsx'
import { SecretForm } from './secret-form.tsx'

const KEYS_PAGE = 'https://openrouter.ai/settings/keys'

interface Props {
  readonly hasKey: boolean
  readonly onChanged: () => void
  /** While true, the relay is asked often whether the key has come. */
  readonly onWaiting: (isWaiting: boolean) => void
}

/** OpenRouter: by signing in there, or with a key that one has. */
export function OpenrouterWay({ hasKey, onChanged, onWaiting }: Props): ReactNode {
  return (
    <>
      <p className="muted">{words.signIn.keyLead}</p>
      <SignInThere hasKey={hasKey} onWaiting={onWaiting} />
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

interface Attempt {
  readonly href: string
  /** A key that was there before says nothing about this attempt. */
  readonly hadKey: boolean
}

function SignInThere({ hasKey, onWaiting }: Omit<Props, 'onChanged'>): ReactNode {
  const api = useApi()
  const [attempt, setAttempt] = useState<Attempt>()
  const starting = useAction(async () => {
    const { url } = await api.startOpenrouterSignIn({})
    const page = openrouterPage(url)
    if (page === undefined)
      throw new AppError('desktop.page-unknown', words.signIn.notOpenrouter(plain(url, 200)))
    setAttempt({ href: page.href, hadKey: hasKey })
    onWaiting(true)
  })
  const stop = (): void => {
    setAttempt(undefined)
    onWaiting(false)
  }
  if (attempt !== undefined && hasKey && !attempt.hadKey)
    return (
      <Notice tone="good" title={words.signIn.keyTaken} isUrgent>
        {words.signIn.keyTakenText}
      </Notice>
    )
  if (attempt !== undefined)
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
          actions={<Button onClick={stop}>{words.signIn.stop}</Button>}
        >
          {words.signIn.keyWaitingText}
        </Notice>
      </div>
    )
  return (
    <div className="stack">
      <p>{words.signIn.keyBrowserText}</p>
      <div className="row">
        <Button look="primary" onClick={starting.run} isBusy={starting.isRunning}>
          {words.signIn.keyStart}
        </Button>
      </div>
      {starting.error !== undefined && (
        <FailureNotice title={words.signIn.keyStartFailed} failure={starting.error} isUrgent />
      )}
    </div>
  )
}
