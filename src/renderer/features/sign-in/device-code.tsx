import type { ReactNode } from 'react'
import { duration } from '../../../shared/util/amounts.ts'
import { useNow } from '../../store/clock.ts'
import { Button } from '../../ui/button.tsx'
import { CodeText, CopyButton } from '../../ui/code-text.tsx'
import { Notice } from '../../ui/notice.tsx'
import { plain } from '../../ui/plain.ts'
import { State } from '../../ui/state.tsx'
import { words } from '../../words/words.ts'
import { ConnectButton } from './connect-button.tsx'
import type { DeviceSignIn, OpenFlow } from './device-sign-in.ts'
import { clockText, githubPage } from './page-address.ts'
import { PageLink } from './page-link.tsx'

type Waiting = Extract<DeviceSignIn, { phase: 'waiting' }>

/** The code, where it goes, how long it is good, and who should not type it. */
export function DeviceCode({ state, onStop }: { state: Waiting; onStop: () => void }): ReactNode {
  const { flow } = state
  const page = githubPage(flow.page)
  if (page === undefined)
    return (
      <Notice
        tone="bad"
        title={words.signIn.notGithub}
        isUrgent
        actions={<Button onClick={onStop}>{words.signIn.stop}</Button>}
      >
        {words.signIn.notGithubText(plain(flow.page, 200))}
      </Notice>
    )
  return (
    <div className="stack device-code">
      <section className="code-box" aria-label={words.signIn.code}>
        <p className="code-box-name">{words.signIn.code}</p>
        <code className="user-code">{plain(flow.userCode, 40)}</code>
        <CopyButton text={flow.userCode} label={words.signIn.copyCode} size="m" />
      </section>
      <div className="stack open-page">
        <PageLink href={page.href} look="primary" size="l">
          {words.signIn.openPage(page.host)}
        </PageLink>
        <CodeText text={page.href} copyLabel={words.signIn.copyAddress} />
      </div>
      <Progress state={state} onStop={onStop} />
      <Notice tone="ask" title={words.signIn.onlyYou}>
        {words.signIn.onlyYouText}
      </Notice>
    </div>
  )
}

function Progress({ state, onStop }: { state: Waiting; onStop: () => void }): ReactNode {
  const { trouble, isSlowed, everyMs, isResumed } = state
  const isDisconnected = trouble?.code === 'bridge.disconnected'
  return (
    <div className="stack device-progress">
      <div className="row spread">
        <span role="status">
          <State tone="busy">{words.signIn.waiting}</State>
        </span>
        <Button size="s" onClick={onStop}>
          {words.signIn.stop}
        </Button>
      </div>
      <TimeLeft flow={state.flow} />
      <div className="stack" role="status">
        {isResumed && <p className="faint">{words.signIn.resumed}</p>}
        {isSlowed && <p className="faint">{words.signIn.slowed(duration(everyMs))}</p>}
        {trouble !== undefined && (
          <Notice
            tone="busy"
            title={isDisconnected ? words.signIn.troubleDisconnected : words.signIn.trouble}
            actions={isDisconnected && <ConnectButton />}
          >
            {plain(trouble.message)} <code className="notice-code">{trouble.code}</code>
          </Notice>
        )}
      </div>
    </div>
  )
}

function TimeLeft({ flow }: { flow: OpenFlow }): ReactNode {
  const now = useNow()
  const left = Math.max(0, flow.endsAt - now)
  const share = left / Math.max(1, flow.endsAt - flow.startedAt)
  return (
    <div className="time-left">
      <span className="time-left-track" aria-hidden="true">
        <span className="time-left-bar" style={{ width: `${Math.min(100, share * 100)}%` }} />
      </span>
      {/* A timer is not read out by itself. */}
      <span role="timer" aria-label={words.signIn.timeLeft} className="no-break muted">
        {words.signIn.timeLeftIs(clockText(left))}
      </span>
    </div>
  )
}
