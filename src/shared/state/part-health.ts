import type { Failure } from '../errors/app-error.ts'
import type { BridgeState, ClientState, ListenerState } from './bridge-state.ts'
import type { EgressState, TunnelState } from './egress.ts'
import { type LinkState, linkCause } from './link.ts'

/** How far one part has come. `pending` may mend itself; `broken` is not as it should be right now. */
export type PartHealth =
  | { readonly kind: 'good' }
  | { readonly kind: 'pending'; readonly cause?: Failure }
  | { readonly kind: 'broken'; readonly cause: Failure }

const GOOD: PartHealth = { kind: 'good' }

export function relayPartHealth({ relay: { link, health } }: Pick<BridgeState, 'relay'>): PartHealth {
  const linked = linkPartHealth(link)
  if (linked.kind !== 'good') return linked
  if (health.kind === 'failing') return { kind: 'broken', cause: health.cause }
  // A connection alone is no relay: it counts once it has answered.
  return health.kind === 'ok' ? GOOD : { kind: 'pending' }
}

/** Whether somebody has switched the relay off while the clients stay connected. */
export function isRelaySwitchedOff({
  relay: { link },
}: {
  readonly relay: Pick<BridgeState['relay'], 'link'>
}): boolean {
  return link.phase === 'failed' && link.cause.code === 'relay.switched-off'
}

/** Whether a server of the tunnel runs, or is on its way to. */
export function isTunnelUp({ phase }: TunnelState): boolean {
  return phase === 'waking' || phase === 'connecting' || phase === 'connected' || phase === 'reconnecting'
}

/** A client is good when its own programs can reach the relay. */
export function clientPartHealth({ link, listener, path }: ClientState): PartHealth {
  const health = linkPartHealth(link)
  // Whatever has a reason is lost, and not only on its way.
  if (health.kind === 'pending' && health.cause !== undefined) return { kind: 'broken', cause: health.cause }
  if (health.kind !== 'good') return health
  const listening = listenerPartHealth(listener)
  if (listening.kind !== 'good') return listening
  return path.kind === 'broken' ? { kind: 'broken', cause: path.cause } : GOOD
}

export function linkPartHealth(link: LinkState): PartHealth {
  if (link.phase === 'connected') return GOOD
  if (link.phase === 'failed') return { kind: 'broken', cause: link.cause }
  const cause = linkCause(link)
  return cause === undefined ? { kind: 'pending' } : { kind: 'pending', cause }
}

export function listenerPartHealth(listener: ListenerState): PartHealth {
  if (listener.phase === 'listening') return GOOD
  if (listener.phase === 'failed') return { kind: 'broken', cause: listener.cause }
  if (listener.phase === 'opening' && listener.cause !== undefined)
    return { kind: 'broken', cause: listener.cause }
  return { kind: 'pending' }
}

/** A tunnel that sleeps is as it should be: the first request wakes it. */
export function tunnelPartHealth(tunnel: TunnelState): PartHealth {
  switch (tunnel.phase) {
    case 'reconnecting':
    case 'failed':
      return { kind: 'broken', cause: tunnel.cause }
    case 'connecting':
      return tunnel.outage === undefined
        ? { kind: 'pending' }
        : { kind: 'broken', cause: tunnel.outage.cause }
    case 'waking':
    case 'draining':
    case 'killing':
      return { kind: 'pending' }
    default:
      return GOOD
  }
}

/** Whether there is more to say of the proxy than that it gets out by itself. */
export function usesTunnel({ tunnel, use }: EgressState): boolean {
  return use === 'mtls' || tunnel.phase !== 'off'
}

/** Whether the relay has an account of at least one upstream; true until it has said otherwise. */
export function isSignedIn({ relay: { health } }: Pick<BridgeState, 'relay'>): boolean {
  return health.kind !== 'ok' || health.upstreams.some(({ signedIn }) => signedIn)
}

/** Whether an upstream is one that a person signs in to. All others are set up with a key, or need none. */
export function takesSignIn(upstream: string): boolean {
  return upstream === 'copilot' || upstream === 'openrouter'
}

type Links = Pick<BridgeState, 'wanted' | 'relay' | 'clients' | 'egress'>

/** Those that somebody wants: what was switched off is not tried again with the rest. */
function wantedLinks(state: Links): LinkState[] {
  return [
    ...(isRelaySwitchedOff(state) ? [] : [state.relay.link]),
    ...state.clients.filter(({ enabled }) => enabled).map(({ link }) => link),
  ]
}

/** Whether there is a wait to skip or a failure to try again; also while that is being done, so that a button stays. */
export function mayRetry(state: Links): boolean {
  if (state.wanted === 'disconnected') return false
  return wantedLinks(state).some(isDown) || isDown(state.egress.tunnel)
}

/** Whether every part that could be tried again is being tried right now. */
export function isTrying(state: Links): boolean {
  if (!mayRetry(state)) return false
  return [...wantedLinks(state), state.egress.tunnel].every(
    (link) => !isDown(link) || link.phase === 'connecting',
  )
}

/** Lost or never reached, whether it waits, is tried right now, or has been given up. */
export function isDown(link: LinkState | TunnelState): boolean {
  if (link.phase === 'connecting') return link.outage !== undefined
  return link.phase === 'reconnecting' || link.phase === 'failed'
}
