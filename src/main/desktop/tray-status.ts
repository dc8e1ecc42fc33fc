import type { Failure } from '../../shared/errors/app-error.ts'
import type { BridgeState } from '../../shared/state/bridge-state.ts'
import {
  clientPartHealth,
  isRelaySwitchedOff,
  isSignedIn,
  listenerPartHealth,
  type PartHealth,
  relayPartHealth,
  tunnelPartHealth,
} from '../../shared/state/part-health.ts'
import { relayName } from './part-words.ts'
import { words } from './words/words.ts'

const said = words.status

export const TRAY_ICONS = [
  'disconnected',
  'connecting',
  'connected',
  'degraded',
  'needs-you',
  'error',
] as const
export type TrayIcon = (typeof TRAY_ICONS)[number]

export interface TrayStatus {
  readonly icon: TrayIcon
  readonly headline: string
  /** Why it is not better, where there is a reason. */
  readonly cause?: Failure
}

/**
 * The whole bridge in one icon and one sentence. What depends on the relay is looked at only once the relay
 * works, so that one root cause is not told as many.
 */
export function trayStatus(state: BridgeState): TrayStatus {
  if (state.wanted === 'disconnected') return whileUnwanted(state)
  if (state.prompts.length > 0) return { icon: 'needs-you', headline: said.questions(state.prompts.length) }
  if (isRelaySwitchedOff(state)) return { icon: 'disconnected', headline: said.relayOff }
  const relay = relayPartHealth(state)
  if (relay.kind === 'broken')
    return { icon: 'error', headline: said.noWay(relayName(state.relay)), cause: relay.cause }
  if (relay.kind === 'pending')
    return { icon: 'connecting', headline: said.connectingTo(relayName(state.relay)), ...why(relay) }
  return whileRelayWorks(state)
}

function whileUnwanted({ relay, clients, egress: { tunnel } }: BridgeState): TrayStatus {
  if (tunnel.phase === 'failed')
    return { icon: 'needs-you', headline: said.disconnectedTunnelFailed, cause: tunnel.cause }
  if (tunnel.phase === 'draining' || tunnel.phase === 'killing')
    return { icon: 'disconnected', headline: said.disconnectingTunnel }
  const isClosing = [relay.link, ...clients.map(({ link }) => link)].some(({ phase }) => phase === 'closing')
  return { icon: 'disconnected', headline: isClosing ? said.disconnecting : said.disconnected }
}

function whileRelayWorks(state: BridgeState): TrayStatus {
  const parts: [name: string, PartHealth][] = [
    [said.thisComputer, listenerPartHealth(state.agent)],
    ...state.clients
      .filter(({ enabled }) => enabled)
      .map((client): [string, PartHealth] => [client.name, clientPartHealth(client)]),
  ]
  const broken = parts.flatMap(([name, health]) =>
    health.kind === 'broken' ? [{ name, cause: health.cause }] : [],
  )
  if (broken.length > 0)
    return {
      icon: broken.length === parts.length ? 'error' : 'degraded',
      headline: said.notWorkingFor(broken.map(({ name }) => name)),
      ...why(broken[0]),
    }
  const pending = parts.flatMap(([name, health]) => (health.kind === 'pending' ? [{ ...health, name }] : []))
  if (pending.length > 0)
    return {
      icon: 'connecting',
      headline: said.connecting(pending.map(({ name }) => name)),
      ...why(pending.find(({ cause }) => cause !== undefined)),
    }
  if (!isSignedIn(state)) return { icon: 'needs-you', headline: said.notSignedIn }
  const tunnel = tunnelPartHealth(state.egress.tunnel)
  if (tunnel.kind === 'broken') return { icon: 'degraded', headline: said.tunnelBroken, ...why(tunnel) }
  return { icon: 'connected', headline: said.connectedTo(relayName(state.relay)) }
}

function why(from: { readonly cause?: Failure } | undefined): { readonly cause?: Failure } {
  return from?.cause === undefined ? {} : { cause: from.cause }
}
