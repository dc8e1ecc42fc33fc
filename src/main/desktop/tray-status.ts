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
import { relayName } from './words.ts'

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
  if (state.prompts.length > 0) return { icon: 'needs-you', headline: questions(state.prompts.length) }
  if (isRelaySwitchedOff(state)) return { icon: 'disconnected', headline: 'The relay is switched off' }
  const relay = relayPartHealth(state)
  if (relay.kind === 'broken')
    return { icon: 'error', headline: `No way to ${relayName(state.relay)}`, cause: relay.cause }
  if (relay.kind === 'pending')
    return { icon: 'connecting', headline: `Connecting to ${relayName(state.relay)}`, ...why(relay) }
  return whileRelayWorks(state)
}

function whileUnwanted({ relay, clients, egress: { tunnel } }: BridgeState): TrayStatus {
  if (tunnel.phase === 'failed')
    return { icon: 'needs-you', headline: 'Disconnected, but the tunnel failed', cause: tunnel.cause }
  if (tunnel.phase === 'draining' || tunnel.phase === 'killing')
    return { icon: 'disconnected', headline: 'Disconnecting the tunnel' }
  const isClosing = [relay.link, ...clients.map(({ link }) => link)].some(({ phase }) => phase === 'closing')
  return { icon: 'disconnected', headline: isClosing ? 'Disconnecting' : 'Disconnected' }
}

function whileRelayWorks(state: BridgeState): TrayStatus {
  const parts: [name: string, PartHealth][] = [
    ['this computer', listenerPartHealth(state.agent)],
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
      headline: `Not working for ${broken.map(({ name }) => name).join(', ')}`,
      ...why(broken[0]),
    }
  const pending = parts.flatMap(([name, health]) => (health.kind === 'pending' ? [{ ...health, name }] : []))
  if (pending.length > 0)
    return {
      icon: 'connecting',
      headline: `Connecting ${pending.map(({ name }) => name).join(', ')}`,
      ...why(pending.find(({ cause }) => cause !== undefined)),
    }
  if (!isSignedIn(state)) return { icon: 'needs-you', headline: 'Connected, but the relay is not signed in' }
  const tunnel = tunnelPartHealth(state.egress.tunnel)
  if (tunnel.kind === 'broken')
    return { icon: 'degraded', headline: 'The tunnel of the proxy does not work', ...why(tunnel) }
  return { icon: 'connected', headline: `Connected to ${relayName(state.relay)}` }
}

function questions(count: number): string {
  return count === 1 ? 'A question waits for your answer' : `${count} questions wait for your answer`
}

function why(from: { readonly cause?: Failure } | undefined): { readonly cause?: Failure } {
  return from?.cause === undefined ? {} : { cause: from.cause }
}
