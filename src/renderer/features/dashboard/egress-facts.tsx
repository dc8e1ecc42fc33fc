import type { ReactNode } from 'react'
import type { EgressState, RunningServer, TunnelState } from '../../../shared/state/egress.ts'
import { duration } from '../../../shared/util/amounts.ts'
import { DAY_MS, daysToEnd } from '../../../shared/util/days.ts'
import { useNow } from '../../store/clock.ts'
import type { Fact } from '../../ui/facts.tsx'
import { Latency, Since, Until, Whole } from '../../ui/measures.tsx'
import { SafeText } from '../../ui/safe-text.tsx'
import { State } from '../../ui/state.tsx'
import { words } from '../../words/words.ts'
import { costText } from './egress-words.ts'

const { egress: say } = words

/** What is known of the ways out, one a line. */
export function factsOf({ certificateEndsAt, systemProxy, tunnel, use }: EgressState): Fact[] {
  const system =
    systemProxy === undefined ? [] : [{ name: say.system, value: say.systemStates[systemProxy.kind] }]
  const certificate =
    certificateEndsAt === undefined
      ? []
      : [{ name: say.certificate, value: <CertificateEnd at={certificateEndsAt} /> }]
  return [{ name: say.way, value: say.ways[use] }, ...system, ...tunnelFacts(tunnel), ...certificate]
}

/** In its own colour once a new one is needed soon. */
function CertificateEnd({ at }: { readonly at: number }): ReactNode {
  const now = useNow()
  const days = daysToEnd(at, now)
  if (at <= now) return <State tone="bad">{say.certificateExpired}</State>
  if (days !== undefined) return <State tone="ask">{say.certificateEnds(days)}</State>
  return say.certificateGood(Math.floor((at - now) / DAY_MS))
}

function tunnelFacts(tunnel: TunnelState): Fact[] {
  switch (tunnel.phase) {
    case 'asleep':
      return [
        { name: say.asleepFor, value: <Since at={tunnel.since} /> },
        { name: say.startedBy, value: say.controls[tunnel.control] },
      ]
    case 'waking':
      return wakingFacts(tunnel)
    case 'connecting':
      return [{ name: say.trying, value: <SafeText text={tunnel.server} maxLength={200} /> }]
    case 'connected':
      return connectedFacts(tunnel)
    case 'reconnecting':
      return [
        { name: say.down, value: <Since at={tunnel.since} /> },
        { name: say.nextTry, value: <Until at={tunnel.nextTryAt} /> },
        { name: say.attempt, value: tunnel.attempt },
      ]
    case 'failed':
      return [{ name: say.down, value: <Since at={tunnel.since} /> }]
    default:
      return []
  }
}

function wakingFacts({ since, stage, typicalMs, held }: Extract<TunnelState, { phase: 'waking' }>): Fact[] {
  return [
    { name: say.stage, value: say.stages[stage] },
    {
      name: say.elapsed,
      value: (
        <>
          <Since at={since} />
          <span className="faint">
            {' '}
            ({typicalMs === undefined ? say.typicalUnknown : say.typical(duration(typicalMs))})
          </span>
        </>
      ),
    },
    { name: say.held, value: <Whole count={held} /> },
  ]
}

function connectedFacts(tunnel: Extract<TunnelState, { phase: 'connected' }>): Fact[] {
  const { server, protocol, roundTripMs, since, running } = tunnel
  return [
    { name: say.server, value: <SafeText text={server} maxLength={200} /> },
    { name: say.protocol, value: say.protocols[protocol] },
    { name: say.connectedFor, value: <Since at={since} /> },
    ...(roundTripMs === undefined ? [] : [{ name: say.roundTrip, value: <Latency ms={roundTripMs} /> }]),
    ...(running === undefined ? [] : runningFacts(running)),
  ]
}

function runningFacts(running: RunningServer): Fact[] {
  const { since, stopsAt, costUsd } = running
  return [
    { name: say.runningFor, value: <Since at={since} /> },
    {
      name: say.cost,
      value: (
        <>
          {costText(running)} {costUsd !== undefined && <span className="faint">({say.estimate})</span>}
        </>
      ),
    },
    { name: say.stopsIn, value: stopsAt === undefined ? say.stopsUnknown : <Until at={stopsAt} /> },
  ]
}
