import type { ReactNode } from 'react'
import type { ClientState } from '../../../shared/state/bridge-state.ts'
import { byteCount } from '../../../shared/util/amounts.ts'
import { useApi, useIsStale } from '../../store/bridge-context.tsx'
import type { Rate } from '../../store/rates.ts'
import { useAction } from '../../store/use-action.ts'
import { IconButton } from '../../ui/button.tsx'
import { Latency } from '../../ui/measures.tsx'
import { plain } from '../../ui/plain.ts'
import { SafeText } from '../../ui/safe-text.tsx'
import { words } from '../../words/words.ts'
import { clientWord } from './part-words.ts'
import { NAME_LENGTH, PathNode } from './path-node.tsx'

const { path: say } = words.dashboard

interface ClientNodeProps {
  readonly client: ClientState
  readonly rate: Rate | undefined
}

/** A machine that gets to use the relay, with its switch. */
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
