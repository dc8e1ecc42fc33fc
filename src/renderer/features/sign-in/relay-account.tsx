import { type ReactNode, useState } from 'react'
import type { AuthStatus } from '../../../shared/protocol/relay-auth.ts'
import { useApi, useBridgeState } from '../../store/bridge-context.tsx'
import { useAction } from '../../store/use-action.ts'
import type { Polled } from '../../store/use-polled.ts'
import { Button } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { FailureNotice, Notice } from '../../ui/notice.tsx'
import { SafeText } from '../../ui/safe-text.tsx'
import { State } from '../../ui/state.tsx'
import { words } from '../../words/words.ts'
import { ConnectButton } from './connect-button.tsx'

type Upstream = 'copilot' | 'openrouter'

export interface RelayAccountProps {
  readonly status: Polled<AuthStatus>
  /** Somebody has signed out. */
  readonly onLeft: () => void
}

/** Who is signed in at the relay, and the way out. */
export function RelayAccount({ status, onLeft }: RelayAccountProps): ReactNode {
  const place = useBridgeState(({ relay }) =>
    relay.kind === 'embedded' ? words.signIn.embedded : relay.place,
  )
  const [leaving, setLeaving] = useState<Upstream>()
  const { value, error, askNow } = status
  const copilot = value?.copilot ?? value
  return (
    <Card title={words.signIn.status} aside={<SafeText text={place} maxLength={60} />}>
      {value === undefined ? (
        error === undefined && <State tone="busy">{words.signIn.asking}</State>
      ) : (
        <ul className={error === undefined ? 'accounts' : 'accounts stale'}>
          <Account
            name={words.signIn.copilot}
            isIn={copilot?.authenticated === true}
            inWords={words.signIn.signedIn}
            outWords={words.signIn.signedOut}
            about={words.signIn.identity[value.copilot?.identity ?? '']}
            problem={value.copilot?.problem}
            leaveWords={words.signIn.signOut}
            onLeave={() => setLeaving('copilot')}
          />
          {value.openrouter !== undefined && (
            <Account
              name={words.signIn.openrouter}
              isIn={value.openrouter.authenticated}
              inWords={words.signIn.hasKey}
              outWords={words.signIn.noKey}
              problem={value.openrouter.authenticated ? value.openrouter.problem : undefined}
              leaveWords={words.signIn.forgetKey}
              onLeave={() => setLeaving('openrouter')}
            />
          )}
        </ul>
      )}
      {error !== undefined && <AskFailed status={status} />}
      {value?.unsaved !== undefined && (
        <Notice tone="ask" title={words.signIn.unsaved}>
          <SafeText text={value.unsaved} />
        </Notice>
      )}
      {leaving !== undefined && (
        <SignOutDialog
          upstream={leaving}
          onClose={() => setLeaving(undefined)}
          onDone={() => {
            setLeaving(undefined)
            onLeft()
            askNow()
          }}
        />
      )}
    </Card>
  )
}

function AskFailed({ status: { error, askNow, isAsking } }: { status: Polled<AuthStatus> }): ReactNode {
  if (error === undefined) return null
  if (error.code === 'bridge.disconnected')
    return (
      <Notice
        tone="quiet"
        title={words.signIn.endings.disconnected.title}
        actions={<ConnectButton onDone={askNow} />}
      >
        {words.signIn.endings.disconnected.next}
      </Notice>
    )
  return (
    <FailureNotice
      tone="ask"
      title={words.signIn.askFailed}
      failure={error}
      actions={
        <Button onClick={askNow} isBusy={isAsking}>
          {words.signIn.tryAgain}
        </Button>
      }
    />
  )
}

interface AccountProps {
  readonly name: string
  readonly isIn: boolean
  readonly inWords: string
  readonly outWords: string
  readonly about?: string | undefined
  readonly problem?: { readonly code: string; readonly message: string; readonly remedy: string } | undefined
  readonly leaveWords: string
  readonly onLeave: () => void
}

function Account(props: AccountProps): ReactNode {
  const { name, isIn, about, problem } = props
  return (
    <li className="account">
      <div className="account-words">
        <span className="account-name">{name}</span>
        <State tone={isIn ? (problem === undefined ? 'good' : 'ask') : 'quiet'}>
          {isIn ? props.inWords : props.outWords}
          {isIn && about !== undefined && ` ${about}`}
        </State>
        {problem !== undefined && (
          <p className="faint">
            <SafeText text={problem.message} maxLength={400} />{' '}
            <SafeText text={problem.remedy} maxLength={400} />
          </p>
        )}
      </div>
      {isIn && (
        <Button size="s" onClick={props.onLeave}>
          {props.leaveWords} <span className="visually-hidden">({name})</span>
        </Button>
      )}
    </li>
  )
}

interface SignOutProps {
  readonly upstream: Upstream
  readonly onClose: () => void
  readonly onDone: () => void
}

function SignOutDialog({ upstream, onClose, onDone }: SignOutProps): ReactNode {
  const api = useApi()
  const leaving = useAction(async () => {
    await api.signOut({ upstream })
    onDone()
  })
  const isKey = upstream === 'openrouter'
  return (
    <Dialog
      title={isKey ? words.signIn.forgetKeyTitle : words.signIn.signOutTitle}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>{words.signIn.cancel}</Button>
          <Button look="danger" onClick={leaving.run} isBusy={leaving.isRunning}>
            {isKey ? words.signIn.forgetKey : words.signIn.signOut}
          </Button>
        </>
      }
    >
      <p>{isKey ? words.signIn.forgetKeyText : words.signIn.signOutText}</p>
      {leaving.error !== undefined && (
        <FailureNotice title={words.signIn.signOutFailed} failure={leaving.error} isUrgent />
      )}
    </Dialog>
  )
}
