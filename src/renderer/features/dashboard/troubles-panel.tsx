import type { ReactNode } from 'react'
import type { Trouble, TroubledPart } from '../../../shared/state/troubles.ts'
import { troublesOf } from '../../../shared/state/troubles.ts'
import { useApi, useBridgeState } from '../../store/bridge-context.tsx'
import { useAction } from '../../store/use-action.ts'
import { Button } from '../../ui/button.tsx'
import { Since, Until } from '../../ui/measures.tsx'
import { FailureNotice, Notice } from '../../ui/notice.tsx'
import { plain } from '../../ui/plain.ts'
import { SafeText } from '../../ui/safe-text.tsx'
import type { Tone } from '../../ui/tone.ts'
import { hashOf } from '../../ui/use-hash.ts'
import { words } from '../../words/words.ts'
import './troubles-panel.css'

const { troubles: say } = words.dashboard

/** Everything that is wrong now, each at its root with what to do; nothing when all is well. */
export function TroublesPanel(): ReactNode {
  const state = useBridgeState((whole) => whole)
  const troubles = troublesOf(state)
  if (troubles.length === 0) return null
  return (
    <section className="stack" aria-label={say.title}>
      <h2 className="section-title">{say.title}</h2>
      {troubles.map((trouble) => (
        <TroubleNotice key={keyOf(trouble)} trouble={trouble} />
      ))}
    </section>
  )
}

function keyOf({ kind, parts }: Trouble): string {
  return `${kind} ${parts[0]?.cause?.code ?? ''}`
}

const TONES: Readonly<Record<Trouble['urgency'], Tone>> = {
  'needs-you': 'bad',
  mending: 'bad',
  limited: 'ask',
}

function TroubleNotice({ trouble }: { readonly trouble: Trouble }): ReactNode {
  const [first] = trouble.parts
  const cause = first?.cause
  const isQuestion = trouble.kind === 'questions' || trouble.kind === 'sign-in'
  return (
    <Notice
      tone={isQuestion ? 'ask' : TONES[trouble.urgency]}
      title={titleOf(trouble)}
      actions={<TroubleActions trouble={trouble} />}
    >
      {trouble.kind === 'sign-in' && <p>{say.signInHint}</p>}
      {trouble.kind === 'vpn' && cause === undefined && <p>{words.vpn.isDownHint}</p>}
      {cause !== undefined && (
        <>
          <p>
            <SafeText text={cause.message} maxLength={600} />
          </p>
          <p>
            <SafeText text={cause.remedy} maxLength={600} /> <code className="notice-code">{cause.code}</code>
          </p>
        </>
      )}
      {first !== undefined && <Times part={first} />}
      {trouble.parts.length > 1 && <Parts parts={trouble.parts} />}
      {trouble.kind !== 'clients' && trouble.affects.length > 0 && (
        <p>{say.affects(trouble.affects.slice(0, NAMED).map(shortName), trouble.affects.length)}</p>
      )}
    </Notice>
  )
}

/** Names in a sentence; more of them nobody reads. */
const NAMED = 5

function shortName(name: string): string {
  return plain(name, 60)
}

function titleOf(trouble: Trouble): ReactNode {
  const { kind, parts } = trouble
  switch (kind) {
    case 'questions':
      return say.questions(parts.length)
    case 'relay':
      return isRelayOff(trouble) ? say.relayOff : say.relay
    case 'sign-in':
      return say.signIn
    case 'agent':
      return say.agent
    case 'tunnel':
      return say.tunnel
    case 'system-proxy':
      return say.systemProxy
    case 'ollama':
      return say.ollama
    case 'vpn':
      return words.vpn.isDown(plain(parts[0]?.name ?? '', 60))
    case 'clients':
      return parts.length === 1 ? say.client(plain(parts[0]?.name ?? '', 80)) : say.clients(parts.length)
  }
}

function Times({ part: { since, nextTryAt, isTrying } }: { readonly part: TroubledPart }): ReactNode {
  if (since === undefined && nextTryAt === undefined) return null
  return (
    <p className="faint">
      {since !== undefined && (
        <>
          {say.since}
          <Since at={since} />.{' '}
        </>
      )}
      {isTrying === true && say.trying}
      {nextTryAt !== undefined && (
        <>
          {say.nextTry}
          <Until at={nextTryAt} />.
        </>
      )}
    </p>
  )
}

function Parts({ parts }: { readonly parts: readonly TroubledPart[] }): ReactNode {
  return (
    <details>
      <summary>{say.all(parts.length)}</summary>
      <ul className="trouble-parts">
        {parts.slice(0, LISTED).map(({ name, cause }) => (
          <li key={name}>
            <strong>
              <SafeText text={name} maxLength={80} />
            </strong>{' '}
            {cause !== undefined && <SafeText text={cause.message} maxLength={300} />}
          </li>
        ))}
      </ul>
    </details>
  )
}

const LISTED = 50

const RETRIED: ReadonlySet<Trouble['kind']> = new Set(['relay', 'clients', 'agent', 'tunnel'])

function TroubleActions({ trouble }: { readonly trouble: Trouble }): ReactNode {
  const api = useApi()
  const retry = useAction(() => api.retryNow(retryTarget(trouble)))
  const probe = useAction(() => api.probeOllama({}))
  const bringUp = useAction(() => api.setVpn({ to: 'up' }))
  // Under a name that does not look like a hook of React.
  const { useOtherPort: openOtherPort } = api
  const otherPort = useAction((port: number) =>
    openOtherPort({ target: trouble.kind === 'agent' ? 'agent' : (trouble.parts[0]?.name ?? ''), port }),
  )
  const isTrying = trouble.parts.every((part) => part.isTrying === true)
  const error = retry.error ?? probe.error ?? bringUp.error ?? otherPort.error
  const port = trouble.parts.length === 1 ? trouble.parts[0]?.otherPort : undefined
  return (
    <>
      {trouble.kind === 'questions' && (
        <a className="button button-primary button-m" href={hashOf('prompts')}>
          {say.answer}
        </a>
      )}
      {trouble.kind === 'sign-in' && (
        <a className="button button-primary button-m" href={hashOf('sign-in')}>
          {say.signInAction}
        </a>
      )}
      {port !== undefined && (
        <Button look="primary" isBusy={otherPort.isRunning} onClick={() => otherPort.run(port)}>
          {say.otherPort(port)}
        </Button>
      )}
      {RETRIED.has(trouble.kind) && (
        <Button
          icon={isRelayOff(trouble) ? 'power' : 'retry'}
          isBusy={retry.isRunning || isTrying}
          onClick={retry.run}
        >
          {isRelayOff(trouble) ? say.switchOn : words.dashboard.retry}
        </Button>
      )}
      {trouble.kind === 'vpn' && (
        <Button isBusy={bringUp.isRunning} onClick={bringUp.run}>
          {words.vpn.bringUp}
        </Button>
      )}
      {trouble.kind === 'ollama' && (
        <Button icon="retry" isBusy={probe.isRunning} onClick={probe.run}>
          {say.checkAgain}
        </Button>
      )}
      {trouble.kind !== 'questions' && trouble.kind !== 'sign-in' && (
        <a className="button button-quiet button-m" href={hashOf('diagnostics')}>
          {say.diagnostics}
        </a>
      )}
      {error !== undefined && <FailureNotice title={words.dashboard.actionFailed} failure={error} isUrgent />}
    </>
  )
}

function isRelayOff({ kind, parts }: Trouble): boolean {
  return kind === 'relay' && parts[0]?.cause?.code === 'relay.switched-off'
}

/** Names as `retryNow` knows them; nothing for several clients, where all waits are skipped. */
function retryTarget({ kind, parts }: Trouble): { target?: string } {
  if (kind === 'relay' || kind === 'agent' || kind === 'tunnel') return { target: kind }
  const [only, ...others] = parts
  return only !== undefined && others.length === 0 ? { target: only.name } : {}
}
