import type { ReactNode } from 'react'
import type { RelayState } from '../../../shared/state/bridge-state.ts'
import { useBridgeState, useIsStale } from '../../store/bridge-context.tsx'
import { Card } from '../../ui/card.tsx'
import { type Fact, Facts } from '../../ui/facts.tsx'
import { Age, Latency, Since, Until } from '../../ui/measures.tsx'
import { FailureNotice } from '../../ui/notice.tsx'
import { SafeText } from '../../ui/safe-text.tsx'
import { State } from '../../ui/state.tsx'
import { words } from '../../words/words.ts'
import { relayWord } from './part-words.ts'

const { relay: say } = words.dashboard

/** What the relay said about itself when it was last asked. */
export function RelayCard(): ReactNode {
  const relay = useBridgeState((state) => state.relay)
  const version = useBridgeState((state) => state.version)
  const isStale = useIsStale()
  const { tone, word } = relayWord(relay)
  const { health } = relay
  return (
    <Card title={say.title} aside={<State tone={tone}>{word}</State>} isStale={isStale}>
      {health.kind === 'failing' && relay.link.phase === 'connected' && (
        <FailureNotice title={say.failing} failure={health.cause} />
      )}
      <Facts facts={factsOf(relay, version)} />
      {relay.link.phase === 'idle' && <p className="muted">{say.disconnected}</p>}
      {relay.link.phase === 'connected' && health.kind === 'unknown' && (
        <p className="muted">{say.unknown}</p>
      )}
    </Card>
  )
}

function factsOf({ place, kind, link, health }: RelayState, version: string): Fact[] {
  const facts: Fact[] = [
    {
      name: say.place,
      value: kind === 'embedded' ? words.dashboard.path.relayHere : <SafeText text={place} maxLength={200} />,
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
