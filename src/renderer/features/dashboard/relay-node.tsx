import type { ReactNode } from 'react'
import type { RelayState, UpstreamHealth } from '../../../shared/state/bridge-state.ts'
import { isRelaySwitchedOff } from '../../../shared/state/part-health.ts'
import { useApi, useBridgeState, useIsStale } from '../../store/bridge-context.tsx'
import { useAction } from '../../store/use-action.ts'
import { IconButton } from '../../ui/button.tsx'
import { Latency } from '../../ui/measures.tsx'
import { SafeText } from '../../ui/safe-text.tsx'
import { words } from '../../words/words.ts'
import { relayWord, upstreamName, upstreamWord } from './part-words.ts'
import { NAME_LENGTH, PathNode } from './path-node.tsx'

const { path: say } = words.dashboard
const { states } = words

function wayToRelay({ kind, place }: RelayState): string {
  if (kind === 'embedded') return say.relayHere
  if (kind === 'ssh') return say.relaySsh
  return /^https:/i.test(place) ? say.relayUrl : say.relayPlainUrl
}

/** The relay, how it is reached, and its switch. */
export function RelayNode({ relay }: { readonly relay: RelayState }): ReactNode {
  const { kind, place, link, health } = relay
  const isWanted = useBridgeState(({ wanted }) => wanted === 'connected')
  const facts = [
    wayToRelay(relay),
    kind === 'ssh' && link.phase === 'connected' && link.roundTripMs !== undefined && (
      <>
        {say.ssh}
        <Latency ms={link.roundTripMs} />
      </>
    ),
    link.phase === 'connected' && health.kind === 'ok' && (
      <>
        {say.answersIn}
        <Latency ms={health.roundTripMs} />
      </>
    ),
  ].filter((fact) => fact !== false)
  return (
    <PathNode
      icon="server"
      kind={say.relay}
      name={kind === 'embedded' ? say.relayBuiltIn : <SafeText text={place} maxLength={NAME_LENGTH} />}
      part={relayWord(relay)}
      facts={facts}
      action={isWanted && <RelaySwitch isOff={isRelaySwitchedOff({ relay })} />}
    />
  )
}

/** The clients stay connected meanwhile. */
function RelaySwitch({ isOff }: { readonly isOff: boolean }): ReactNode {
  const api = useApi()
  const isStale = useIsStale()
  const toggle = useAction(() => api.setRelayEnabled({ enabled: isOff }))
  return (
    <IconButton
      label={isOff ? say.switchOn(say.theRelay) : say.switchOff(say.theRelay)}
      icon="power"
      isDisabled={isStale || toggle.isRunning}
      onClick={toggle.run}
    />
  )
}

interface UpstreamNodeProps {
  readonly upstream: UpstreamHealth
  readonly isRelayUp: boolean
  /** One provider is enough to work with. */
  readonly hasOther: boolean
}

/** An AI provider behind the relay. */
export function UpstreamNode({ upstream, isRelayUp, hasOther }: UpstreamNodeProps): ReactNode {
  const { tone, word } = upstreamWord(upstream, hasOther)
  return (
    <PathNode
      icon="cloud"
      kind={say.upstream}
      name={<SafeText text={upstreamName(upstream)} maxLength={NAME_LENGTH} />}
      part={isRelayUp ? { tone, word } : { tone: 'quiet', word: states.unknown }}
    />
  )
}
