import type { Failure } from '../../shared/errors/app-error.ts'
import type { BridgeState, ClientState, ListenerState } from '../../shared/state/bridge-state.ts'
import { type LinkState, linkCause } from '../../shared/state/link.ts'
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

/** How far one part has come. `pending` may mend itself; `broken` is not as it should be right now. */
type Health =
  | { readonly kind: 'good' }
  | { readonly kind: 'pending'; readonly cause?: Failure }
  | { readonly kind: 'broken'; readonly cause: Failure }

const GOOD: Health = { kind: 'good' }

/**
 * The whole bridge in one icon and one sentence. What depends on the relay is looked at only once the relay
 * works, so that one root cause is not told as many.
 */
export function trayStatus(state: BridgeState): TrayStatus {
  if (state.wanted === 'disconnected') return whileUnwanted(state)
  if (state.prompts.length > 0) return { icon: 'needs-you', headline: questions(state.prompts.length) }
  const relay = relayHealth(state)
  if (relay.kind === 'broken')
    return { icon: 'error', headline: `No way to ${relayName(state.relay)}`, cause: relay.cause }
  if (relay.kind === 'pending')
    return { icon: 'connecting', headline: `Connecting to ${relayName(state.relay)}`, ...why(relay) }
  return whileRelayWorks(state)
}

function whileUnwanted({ relay, clients }: BridgeState): TrayStatus {
  const isClosing = [relay.link, ...clients.map(({ link }) => link)].some(({ phase }) => phase === 'closing')
  return { icon: 'disconnected', headline: isClosing ? 'Disconnecting' : 'Disconnected' }
}

function whileRelayWorks(state: BridgeState): TrayStatus {
  const parts: [name: string, Health][] = [
    ['this computer', listenerHealth(state.agent)],
    ...state.clients
      .filter(({ enabled }) => enabled)
      .map((client): [string, Health] => [client.name, clientHealth(client)]),
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
  return { icon: 'connected', headline: `Connected to ${relayName(state.relay)}` }
}

/** Whether the relay has an account of at least one upstream; true until it has said otherwise. */
export function isSignedIn({ relay: { health } }: BridgeState): boolean {
  return health.kind !== 'ok' || health.upstreams.some(({ signedIn }) => signedIn)
}

/** Whether skipping a wait, or trying once more after a failure, would do anything. */
export function mayRetry(state: BridgeState): boolean {
  if (state.wanted === 'disconnected') return false
  const links = [state.relay.link, ...state.clients.filter(({ enabled }) => enabled).map(({ link }) => link)]
  return links.some(({ phase }) => phase === 'reconnecting' || phase === 'failed')
}

function relayHealth({ relay: { link, health } }: BridgeState): Health {
  const linked = linkHealth(link)
  if (linked.kind !== 'good') return linked
  if (health.kind === 'failing') return { kind: 'broken', cause: health.cause }
  // A connection alone is no relay: it counts once it has answered.
  return health.kind === 'ok' ? GOOD : { kind: 'pending' }
}

function clientHealth({ link, listener, path }: ClientState): Health {
  if (link.phase === 'reconnecting') return { kind: 'broken', cause: link.cause }
  const health = linkHealth(link)
  if (health.kind !== 'good') return health
  const listening = listenerHealth(listener)
  if (listening.kind !== 'good') return listening
  return path.kind === 'broken' ? { kind: 'broken', cause: path.cause } : GOOD
}

function linkHealth(link: LinkState): Health {
  if (link.phase === 'connected') return GOOD
  if (link.phase === 'failed') return { kind: 'broken', cause: link.cause }
  const cause = linkCause(link)
  return cause === undefined ? { kind: 'pending' } : { kind: 'pending', cause }
}

function listenerHealth(listener: ListenerState): Health {
  if (listener.phase === 'listening') return GOOD
  if (listener.phase === 'failed') return { kind: 'broken', cause: listener.cause }
  if (listener.phase === 'opening' && listener.cause !== undefined)
    return { kind: 'broken', cause: listener.cause }
  return { kind: 'pending' }
}

function questions(count: number): string {
  return count === 1 ? 'A question waits for your answer' : `${count} questions wait for your answer`
}

function why(from: { readonly cause?: Failure } | undefined): { readonly cause?: Failure } {
  return from?.cause === undefined ? {} : { cause: from.cause }
}
