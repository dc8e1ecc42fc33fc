import { type ReactNode, useEffect, useRef } from 'react'
import type { RunningFlow } from '../../../shared/protocol/relay-auth.ts'
import { Button } from '../../ui/button.tsx'
import { FailureNotice, Notice } from '../../ui/notice.tsx'
import { SafeText } from '../../ui/safe-text.tsx'
import { words } from '../../words/words.ts'
import { ConnectButton } from './connect-button.tsx'
import { DeviceCode } from './device-code.tsx'
import { IdentityChoices } from './identity-choice.tsx'
import { PageLink } from './page-link.tsx'
import type { Ending, Outcome } from './sign-in-outcome.ts'
import { useDeviceSignIn } from './use-device-sign-in.ts'

interface Props {
  readonly onToken: () => void
  /** The relay has another sign-in than before. */
  readonly onChanged: () => void
  /** What the relay knows to be under way, perhaps begun by a page that was closed. */
  readonly running: RunningFlow | undefined
}

/** Signing in to Copilot with a code, from the explanation to how it ended. */
export function DeviceWay({ onToken, onChanged, running }: Props): ReactNode {
  const { state, start, choose, stop, resume } = useDeviceSignIn()
  const frame = useRef<HTMLDivElement>(null)
  const isSignedIn = state.phase === 'ended' && state.outcome.kind === 'signed-in'
  useEffect(() => {
    if (isSignedIn) onChanged()
  }, [isSignedIn, onChanged])
  useEffect(() => {
    if (running !== undefined) resume(running)
  }, [running, resume])
  useKeepFocus(frame, state.phase)
  return (
    <div ref={frame} tabIndex={-1} className="stack">
      {(state.phase === 'idle' || state.phase === 'starting' || state.phase === 'away') && (
        <Explanation isStarting={state.phase === 'starting'} onStart={() => start()} onChoose={choose} />
      )}
      {state.phase === 'choosing' && (
        <IdentityChoices wasTried={state.wasTried} onToken={onToken} onChoose={start} />
      )}
      {state.phase === 'waiting' && <DeviceCode state={state} onStop={stop} />}
      {state.phase === 'ended' && <Ended outcome={state.outcome} onStart={() => start()} onChoose={choose} />}
    </div>
  )
}

/** A button that vanishes with its click would throw the keyboard back to the top of the page. */
function useKeepFocus(frame: { readonly current: HTMLElement | null }, phase: string): void {
  const previous = useRef(phase)
  useEffect(() => {
    if (previous.current === phase) return
    previous.current = phase
    if (document.activeElement === document.body) frame.current?.focus({ preventScroll: true })
  }, [frame, phase])
}

interface ExplanationProps {
  readonly isStarting: boolean
  readonly onStart: () => void
  readonly onChoose: () => void
}

function Explanation({ isStarting, onStart, onChoose }: ExplanationProps): ReactNode {
  const { steps } = words.signIn
  return (
    <>
      <ol className="how" aria-label={steps.label}>
        {[steps.code, steps.page, steps.wait].map((step) => (
          <li key={step}>{step}</li>
        ))}
      </ol>
      <div className="row">
        <Button look="primary" size="l" onClick={onStart} isBusy={isStarting}>
          {isStarting ? words.signIn.gettingCode : words.signIn.getCode}
        </Button>
        <Button look="quiet" onClick={onChoose} isDisabled={isStarting}>
          {words.signIn.otherIdentity}
        </Button>
      </div>
    </>
  )
}

interface EndedProps {
  readonly outcome: Outcome
  readonly onStart: () => void
  readonly onChoose: () => void
}

function Ended({ outcome, onStart, onChoose }: EndedProps): ReactNode {
  const again = <Button onClick={onStart}>{words.signIn.getNewCode}</Button>
  if (outcome.kind === 'signed-in')
    return (
      <Notice tone="good" title={words.signIn.succeeded} isUrgent>
        {words.signIn.succeededText}
      </Notice>
    )
  if (outcome.kind === 'stopped')
    return (
      <Notice tone="quiet" title={words.signIn.stopped} actions={again} isUrgent>
        {words.signIn.stoppedText}
      </Notice>
    )
  const { kind, failure } = outcome
  const { title, next } = words.signIn.endings[kind]
  const buttons = <NextStep kind={kind} onStart={onStart} onChoose={onChoose} />
  if (kind === 'failed') return <FailureNotice title={title} failure={failure} actions={buttons} isUrgent />
  return (
    <Notice
      tone={kind === 'network' || kind === 'disconnected' ? 'ask' : 'bad'}
      title={title}
      isUrgent
      actions={buttons}
    >
      <p>{next}</p>
      <p className="faint">
        <SafeText text={failure.message} maxLength={600} />{' '}
        <code className="notice-code">{failure.code}</code>
      </p>
    </Notice>
  )
}

function NextStep({ kind, onStart, onChoose }: { kind: Ending } & Omit<EndedProps, 'outcome'>): ReactNode {
  const newCode = <Button onClick={onStart}>{words.signIn.getNewCode}</Button>
  switch (kind) {
    case 'disconnected':
      return <ConnectButton onDone={onStart} />
    case 'network':
    case 'failed':
      return <Button onClick={onStart}>{words.signIn.tryAgain}</Button>
    case 'impossible':
      return <Button onClick={onChoose}>{words.signIn.otherIdentity}</Button>
    case 'no-copilot':
    case 'blocked':
      return (
        <>
          <PageLink href="https://github.com/settings/copilot">{words.signIn.copilotSettings}</PageLink>
          {newCode}
        </>
      )
    default:
      return newCode
  }
}
