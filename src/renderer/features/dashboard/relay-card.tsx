import type { ReactNode } from 'react'
import type { RelayState, UpstreamHealth } from '../../../shared/state/bridge-state.ts'
import { useBridgeState, useIsStale } from '../../store/bridge-context.tsx'
import { ButtonLink } from '../../ui/button-link.tsx'
import { Card } from '../../ui/card.tsx'
import { type Fact, Facts } from '../../ui/facts.tsx'
import { Age, Latency, Since, Until } from '../../ui/measures.tsx'
import { FailureNotice } from '../../ui/notice.tsx'
import { SafeText } from '../../ui/safe-text.tsx'
import { State } from '../../ui/state.tsx'
import { hashOf } from '../../ui/use-hash.ts'
import { words } from '../../words/words.ts'
import { relayWord, upstreamName, upstreamWord } from './part-words.ts'
import './relay-card.css'

const { relay: say } = words.dashboard

/** What the relay said about itself when it was last asked. */
export function RelayCard(): ReactNode {
  const relay = useBridgeState((state) => state.relay)
  const version = useBridgeState((state) => state.version)
  const isStale = useIsStale()
  const { tone, word } = relayWord(relay)
  const { health } = relay
  return (
    <Card
      title={say.title}
      isStale={isStale}
      aside={
        <>
          <State tone={tone}>{word}</State>
          {relay.link.phase === 'connected' && (
            <ButtonLink size="s" icon="key" href={hashOf('sign-in')}>
              {say.accounts}
            </ButtonLink>
          )}
        </>
      }
    >
      {health.kind === 'failing' && relay.link.phase === 'connected' && (
        <FailureNotice title={say.failing} failure={health.cause} />
      )}
      <Facts facts={factsOf(relay, version)} />
      {relay.link.phase === 'connected' && health.kind === 'ok' && health.upstreams.length > 0 && (
        <Providers upstreams={health.upstreams} />
      )}
      {relay.link.phase === 'idle' && <p className="muted">{say.disconnected}</p>}
      {relay.link.phase === 'connected' && health.kind === 'unknown' && (
        <p className="muted">{say.unknown}</p>
      )}
    </Card>
  )
}

function Providers({ upstreams }: { readonly upstreams: readonly UpstreamHealth[] }): ReactNode {
  const hasOne = upstreams.some(({ signedIn }) => signedIn)
  return (
    <section className="stack">
      <h3>{say.upstreams}</h3>
      <ul className="relay-providers">
        {upstreams.map((upstream) => {
          const { tone, word } = upstreamWord(upstream, hasOne)
          return (
            <li key={upstream.name} className="row spread">
              <SafeText text={upstreamName(upstream)} maxLength={80} />
              <State tone={tone}>{word}</State>
            </li>
          )
        })}
      </ul>
    </section>
  )
}

function factsOf({ place, kind, link, health }: RelayState, version: string): Fact[] {
  const facts: Fact[] = [
    {
      name: say.place,
      value: kind === 'embedded' ? say.builtIn : <SafeText text={place} maxLength={200} />,
    },
  ]
  if (link.phase === 'connected') {
    facts.push({ name: say.since, value: <Since at={link.since} /> })
    if (link.roundTripMs !== undefined)
      facts.push({ name: say.link, value: <Latency ms={link.roundTripMs} /> })
  }
  if (link.phase === 'reconnecting') {
    facts.push({ name: say.down, value: <Since at={link.since} /> })
    facts.push({ name: say.nextTry, value: <Until at={link.nextTryAt} /> })
    facts.push({ name: say.attempt, value: link.attempt })
  }
  if (link.phase === 'failed') facts.push({ name: say.down, value: <Since at={link.since} /> })
  if (health.kind !== 'ok') return facts
  const isOther = health.version !== version
  return [
    ...facts,
    { name: say.answers, value: <Latency ms={health.roundTripMs} /> },
    {
      name: say.version,
      value: (
        <>
          <SafeText text={health.version} maxLength={60} />
          {isOther && <span className="faint"> ({say.olderVersion(version)})</span>}
        </>
      ),
    },
    { name: say.lastAsked, value: <Age at={health.at} /> },
  ]
}
