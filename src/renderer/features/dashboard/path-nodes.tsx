import type { ReactNode } from 'react'
import type {
  BridgeState,
  ClientState,
  ListenerState,
  RelayState,
  UpstreamHealth,
} from '../../../shared/state/bridge-state.ts'
import type { EgressState } from '../../../shared/state/egress.ts'
import type { OllamaState } from '../../../shared/state/ollama.ts'
import { byteCount } from '../../../shared/util/amounts.ts'
import { useApi, useIsStale } from '../../store/bridge-context.tsx'
import type { Rate } from '../../store/rates.ts'
import { useAction } from '../../store/use-action.ts'
import { IconButton } from '../../ui/button.tsx'
import { Latency } from '../../ui/measures.tsx'
import { plain } from '../../ui/plain.ts'
import { SafeText } from '../../ui/safe-text.tsx'
import { words } from '../../words/words.ts'
import { proxyText } from './egress-words.ts'
import {
  clientWord,
  listenerWord,
  type PartWord,
  relayWord,
  upstreamName,
  upstreamWord,
} from './part-words.ts'
import { PathNode } from './path-node.tsx'

const { path: say } = words.dashboard
const { states } = words

/** Longer names are cut in the diagram; the whole name is their hint. */
const NAME_LENGTH = 80

interface ClientNodeProps {
  readonly client: ClientState
  readonly rate: Rate | undefined
}

export function ClientNode({ client, rate }: ClientNodeProps): ReactNode {
  return (
    <PathNode
      icon="client"
      kind={say.client}
      name={<SafeText text={client.name} maxLength={NAME_LENGTH} />}
      part={clientWord(client)}
      facts={clientFacts(client, rate)}
      action={<ClientSwitch client={client} />}
    />
  )
}

function ClientSwitch({ client: { name, enabled } }: { readonly client: ClientState }): ReactNode {
  const api = useApi()
  const isStale = useIsStale()
  const toggle = useAction(() => api.setClientEnabled({ name, enabled: !enabled }))
  const short = plain(name, NAME_LENGTH)
  return (
    <IconButton
      label={enabled ? say.switchOff(short) : say.switchOn(short)}
      icon="power"
      isDisabled={isStale || toggle.isRunning}
      onClick={toggle.run}
    />
  )
}

function clientFacts(
  { enabled, link, listener, path, traffic, place, name }: ClientState,
  rate: Rate | undefined,
): ReactNode[] {
  const host = place === name ? [] : [<SafeText key="place" text={place} maxLength={NAME_LENGTH} />]
  if (!enabled || link.phase !== 'connected') return host
  return [
    ...host,
    listener.phase === 'listening' && (
      <>
        {say.listensOn}
        <SafeText text={listener.address} maxLength={NAME_LENGTH} />
      </>
    ),
    <Latencies
      key="latencies"
      ssh={link.roundTripMs}
      path={path.kind === 'proven' ? path.roundTripMs : undefined}
    />,
    rate !== undefined && <Throughput rate={rate} />,
    traffic.openChannels > 0 && say.streams(traffic.openChannels),
    path.kind === 'not-checkable' && (
      <>
        {say.notCheckable}
        <SafeText text={path.reason} maxLength={120} />
      </>
    ),
  ].filter((fact) => fact !== false)
}

function Latencies({
  ssh,
  path,
}: {
  readonly ssh: number | undefined
  readonly path: number | undefined
}): ReactNode {
  return (
    <>
      {ssh !== undefined && (
        <>
          {say.ssh}
          <Latency ms={ssh} />
        </>
      )}
      {ssh !== undefined && path !== undefined && ' · '}
      {path !== undefined && (
        <>
          {say.wayThere}
          <Latency ms={path} />
        </>
      )}
    </>
  )
}

function Throughput({ rate: { toClient, fromClient } }: { readonly rate: Rate }): ReactNode {
  if (toClient === 0 && fromClient === 0) return say.quiet
  return (
    <>
      <span className="no-break">
        {say.down(byteCount(Math.round(toClient)))}
        <span className="visually-hidden"> {say.downName}</span>
      </span>{' '}
      <span className="no-break">
        {say.up(byteCount(Math.round(fromClient)))}
        <span className="visually-hidden"> {say.upName}</span>
      </span>
    </>
  )
}

interface ComputerNodeProps {
  readonly agent: ListenerState
  readonly egress: EgressState
  readonly wanted: BridgeState['wanted']
}

/** Where the programs of this computer find the relay. */
export function ComputerNode({ agent, egress, wanted }: ComputerNodeProps): ReactNode {
  const part: PartWord =
    wanted === 'disconnected' && agent.phase === 'off'
      ? { tone: 'quiet', word: states.off }
      : listenerWord(agent)
  const address = agent.phase === 'off' ? undefined : agent.address
  return (
    <PathNode
      icon="laptop"
      kind={say.computer}
      name={words.shell.product}
      part={part}
      facts={
        address === undefined
          ? []
          : [
              <>
                {agent.phase === 'listening' && say.listensOn}
                <SafeText text={address} maxLength={NAME_LENGTH} />
              </>,
              proxyText(egress),
            ]
      }
    />
  )
}

function wayToRelay({ kind, place }: RelayState): string {
  if (kind === 'embedded') return say.relayHere
  if (kind === 'ssh') return say.relaySsh
  return /^https:/i.test(place) ? say.relayUrl : say.relayPlainUrl
}

export function RelayNode({ relay }: { readonly relay: RelayState }): ReactNode {
  const { kind, place, link, health } = relay
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
    />
  )
}

interface UpstreamNodeProps {
  readonly upstream: UpstreamHealth
  readonly isRelayUp: boolean
  /** One provider is enough to work with. */
  readonly hasOther: boolean
}

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

export function OllamaNode({
  ollama,
}: {
  readonly ollama: Exclude<OllamaState, { kind: 'off' }>
}): ReactNode {
  const place = <SafeText key="place" text={ollama.place} maxLength={NAME_LENGTH} />
  switch (ollama.kind) {
    case 'unknown':
      return (
        <PathNode
          icon="chip"
          kind={say.beside}
          name={say.ollama}
          part={{ tone: 'quiet', word: states.notAsked }}
          facts={[place]}
        />
      )
    case 'failing':
      return (
        <PathNode
          icon="chip"
          kind={say.beside}
          name={say.ollama}
          part={{ tone: 'bad', word: states.notAnswering }}
          facts={[place]}
        />
      )
    case 'ok':
      return (
        <PathNode
          icon="chip"
          kind={say.beside}
          name={say.ollama}
          part={{ tone: 'good', word: states.ready }}
          facts={[
            place,
            <>
              {say.models(ollama.models.length)} · {say.answersIn}
              <Latency ms={ollama.roundTripMs} />
            </>,
          ]}
        />
      )
  }
}
