import type { ReactNode } from 'react'
import type { ListenAddress, ListenerState } from '../../../shared/state/bridge-state.ts'
import { isSignedIn } from '../../../shared/state/part-health.ts'
import { useBridgeState } from '../../store/bridge-context.tsx'
import { Button } from '../../ui/button.tsx'
import { ButtonLink } from '../../ui/button-link.tsx'
import { CodeText } from '../../ui/code-text.tsx'
import { Notice } from '../../ui/notice.tsx'
import { plain } from '../../ui/plain.ts'
import { hashOf } from '../../ui/use-hash.ts'
import { words } from '../../words/words.ts'

interface Props {
  readonly onMore: () => void
  readonly onLeave: () => void
}

/** What to type where, to be copied. */
export function DoneStep({ onMore, onLeave }: Props): ReactNode {
  const clients = useBridgeState((state) => state.clients)
  const agent = useBridgeState((state) => state.agent)
  const hasSignIn = useBridgeState(isSignedIn)
  const here = addressOf(agent)
  return (
    <section className="stack" aria-label={words.firstRun.step.done}>
      {!hasSignIn && (
        <Notice
          tone="ask"
          title={words.firstRun.signedOut}
          actions={
            <ButtonLink href={hashOf('sign-in')} look="primary">
              {words.firstRun.signIn}
            </ButtonLink>
          }
        >
          {words.firstRun.signedOutText}
        </Notice>
      )}
      <dl className="commands">
        {clients.length === 0 && (
          <div>
            <dt>{words.firstRun.onMachine('…')}</dt>
            <dd>
              <CodeText text={setupCommand('127.0.0.1:8080')} copyLabel={words.firstRun.copyCommand} />
            </dd>
          </div>
        )}
        {clients.map(({ name, listen }) => (
          <div key={name}>
            <dt>{words.firstRun.onMachine(plain(name, 80))}</dt>
            <dd>
              {listen.kind === 'socket' && <p className="muted">{words.firstRun.onSocket}</p>}
              <CodeText text={commandFor(listen)} copyLabel={words.firstRun.copyCommand} />
            </dd>
          </div>
        ))}
        {here !== undefined && (
          <div>
            <dt>{words.firstRun.onThis}</dt>
            <dd>
              <CodeText text={setupCommand(here)} copyLabel={words.firstRun.copyCommand} />
            </dd>
          </div>
        )}
      </dl>
      <div className="row">
        <ButtonLink href={hashOf('')} look={hasSignIn ? 'primary' : 'plain'} onClick={onLeave}>
          {words.firstRun.toDashboard}
        </ButtonLink>
        <Button icon="plus" onClick={onMore}>
          {words.firstRun.addMachine}
        </Button>
      </div>
    </section>
  )
}

/** See docs/client-setup.md. */
function setupCommand(address: string): string {
  return `curl -fsSL http://${address}/setup | bash`
}

/** What the set-up would write into AI clients is a URL, which has no room for a socket; trying it out needs none. */
function commandFor(listen: ListenAddress): string {
  if (listen.kind === 'socket') return `curl --unix-socket ${quoted(listen.path)} http://localhost/health`
  const host = listen.host.includes(':') ? `[${listen.host}]` : listen.host
  return setupCommand(`${host}:${listen.port}`)
}

function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`
}

function addressOf(agent: ListenerState): string | undefined {
  return agent.phase === 'listening' && !agent.address.startsWith('unix:') ? agent.address : undefined
}
