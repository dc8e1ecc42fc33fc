import type { ReactNode } from 'react'
import type { EgressState, TunnelState } from '../../../shared/state/egress.ts'
import { duration } from '../../../shared/util/amounts.ts'
import { Latency, Since, Until } from '../../ui/measures.tsx'
import { SafeText } from '../../ui/safe-text.tsx'
import { words } from '../../words/words.ts'
import { costText, tunnelWord } from './egress-words.ts'
import { NAME_LENGTH, PathNode } from './path-node.tsx'

const { egress: say } = words

/** The tunnel that the proxy can get out through. */
export function EgressNode({ egress: { tunnel } }: { readonly egress: EgressState }): ReactNode {
  return (
    <PathNode
      icon="tunnel"
      kind={say.node}
      name={say.name}
      part={tunnelWord(tunnel)}
      facts={tunnelFacts(tunnel)}
    />
  )
}

function tunnelFacts(tunnel: TunnelState): ReactNode[] {
  switch (tunnel.phase) {
    case 'asleep':
      return [say.wakesAlone]
    case 'waking': {
      const { stage, typicalMs, held } = tunnel
      const typical = typicalMs === undefined ? say.typicalUnknown : say.typical(duration(typicalMs))
      return [say.stages[stage], typical, ...(held > 0 ? [say.heldCount(held)] : [])]
    }
    case 'connecting':
      return [<Server key="server" address={tunnel.server} />]
    case 'connected':
      return [<Server key="server" address={tunnel.server} />, ...connectedFacts(tunnel)]
    default:
      return []
  }
}

function Server({ address }: { readonly address: string }): ReactNode {
  return <SafeText text={address} maxLength={NAME_LENGTH} />
}

function connectedFacts(tunnel: Extract<TunnelState, { phase: 'connected' }>): ReactNode[] {
  const { protocol, roundTripMs, running } = tunnel
  const line = (
    <>
      {say.protocols[protocol]}
      {roundTripMs !== undefined && (
        <>
          {' · '}
          <Latency ms={roundTripMs} />
        </>
      )}
    </>
  )
  if (running === undefined) return [line]
  return [
    line,
    <>
      {say.runs}
      <Since at={running.since} />
      {running.costUsd !== undefined && ` · ${costText(running)}`}
    </>,
    ...(running.stopsAt === undefined
      ? []
      : [
          <>
            {say.stops}
            <Until at={running.stopsAt} />
          </>,
        ]),
  ]
}
