import type { Failure } from '../errors/app-error.ts'
import type { BridgeState, ClientState, ListenerState } from './bridge-state.ts'
import type { TunnelState } from './egress.ts'
import type { LinkState } from './link.ts'
import {
  clientPartHealth,
  isRelaySwitchedOff,
  isSignedIn,
  linkPartHealth,
  listenerPartHealth,
  type PartHealth,
  relayPartHealth,
  tunnelPartHealth,
} from './part-health.ts'

/** Something that is wrong now, told once at its root. */
export interface Trouble {
  readonly kind:
    | 'questions'
    | 'relay'
    | 'sign-in'
    | 'agent'
    | 'clients'
    | 'tunnel'
    | 'system-proxy'
    | 'ollama'
    | 'vpn'
  /** `needs-you`: waits for a person. `mending`: is tried again by itself. `limited`: the rest works without it. */
  readonly urgency: 'needs-you' | 'mending' | 'limited'
  /** The parts that have it: one, or several clients with the same failure. */
  readonly parts: readonly TroubledPart[]
  /** Names of the clients that do not work because of it. */
  readonly affects: readonly string[]
}

export interface TroubledPart {
  /** Empty where there is only one of its kind. */
  readonly name: string
  readonly cause?: Failure
  readonly since?: number
  readonly nextTryAt?: number
  /** It is tried again right now. */
  readonly isTrying?: boolean
  /** A free port that would do instead of the one that cannot be had. */
  readonly otherPort?: number
}

/**
 * What is wrong now, the most urgent first. Consequences are folded under their root: a client whose own
 * connection works is no trouble of its own while the relay is out of reach, and clients that fail for the same
 * reason are one trouble.
 */
export function troublesOf(state: BridgeState): Trouble[] {
  // A server that could not be stopped goes on costing money.
  if (state.wanted === 'disconnected') return [...tunnelTrouble(state), ...systemProxyTrouble(state)]
  const relay = relayTrouble(state)
  const clients = state.clients.filter(({ enabled }) => enabled)
  return [
    ...questions(state),
    ...(relay ?? signInTrouble(state)),
    ...agentTrouble(state.agent),
    ...clientTroubles(relay === undefined ? clients : clients.filter(hasOwnTrouble)),
    ...tunnelTrouble(state),
    ...systemProxyTrouble(state),
    ...vpnTrouble(state),
    ...ollamaTrouble(state),
  ].sort((a, b) => ORDER.indexOf(a.urgency) - ORDER.indexOf(b.urgency))
}

const ORDER: readonly Trouble['urgency'][] = ['needs-you', 'mending', 'limited']

function questions({ prompts }: BridgeState): Trouble[] {
  if (prompts.length === 0) return []
  const parts = prompts.map(({ id, askedAt }) => ({ name: id, since: askedAt }))
  return [{ kind: 'questions', urgency: 'needs-you', parts, affects: [] }]
}

function relayTrouble(state: BridgeState): Trouble[] | undefined {
  const cause = causeOf(relayPartHealth(state))
  if (cause === undefined) return undefined
  const { link } = state.relay
  return [
    {
      kind: 'relay',
      // Whoever has switched it off knows.
      urgency: isRelaySwitchedOff(state) ? 'limited' : urgencyOf(cause, link),
      parts: [{ name: '', cause, ...timesOf(link) }],
      affects: keptFromWork(state),
    },
  ]
}

function signInTrouble(state: BridgeState): Trouble[] {
  if (isSignedIn(state)) return []
  return [{ kind: 'sign-in', urgency: 'needs-you', parts: [{ name: '' }], affects: keptFromWork(state) }]
}

/** Names of the clients that would work with another relay. */
function keptFromWork({ clients }: BridgeState): string[] {
  return clients.filter((client) => client.enabled && !hasOwnTrouble(client)).map(({ name }) => name)
}

function agentTrouble(agent: ListenerState): Trouble[] {
  const cause = causeOf(listenerPartHealth(agent))
  if (cause === undefined) return []
  const parts = [{ name: '', cause, ...listenerFacts(agent) }]
  return [{ kind: 'agent', urgency: urgencyOf(cause), parts, affects: [] }]
}

/** Whether a client would not work even with the best of relays. */
function hasOwnTrouble({ link, listener }: ClientState): boolean {
  return linkPartHealth(link).kind !== 'good' || listenerPartHealth(listener).kind === 'broken'
}

function clientTroubles(clients: readonly ClientState[]): Trouble[] {
  const byCode = new Map<string, Trouble>()
  for (const client of clients) {
    const cause = causeOf(clientPartHealth(client))
    if (cause === undefined) continue
    const { link, listener, name } = client
    const urgency = urgencyOf(cause, link)
    const facts = link.phase === 'connected' ? listenerFacts(listener) : timesOf(link)
    const part: TroubledPart = { name, cause, ...facts }
    const key = `${cause.code} ${urgency}`
    const before = byCode.get(key)
    byCode.set(key, {
      kind: 'clients',
      urgency,
      parts: [...(before?.parts ?? []), part],
      affects: [...(before?.affects ?? []), name],
    })
  }
  return [...byCode.values()]
}

function tunnelTrouble({ egress: { tunnel } }: BridgeState): Trouble[] {
  const cause = causeOf(tunnelPartHealth(tunnel))
  if (cause === undefined) return []
  const parts = [{ name: '', cause, ...timesOf(tunnel) }]
  return [{ kind: 'tunnel', urgency: urgencyOf(cause, tunnel), parts, affects: [] }]
}

/** Also after a disconnect: a proxy that was not put back leads every program to nobody. */
function systemProxyTrouble({ egress: { systemProxy } }: BridgeState): Trouble[] {
  if (systemProxy?.kind !== 'failed') return []
  const parts = [{ name: '', cause: systemProxy.cause }]
  return [{ kind: 'system-proxy', urgency: 'needs-you', parts, affects: [] }]
}

function ollamaTrouble({ ollama }: BridgeState): Trouble[] {
  if (ollama.kind !== 'failing') return []
  const parts = [{ name: '', cause: ollama.cause }]
  return [{ kind: 'ollama', urgency: 'limited', parts, affects: [] }]
}

/** Down on purpose, perhaps; but whoever connects wants what lies behind it. */
function vpnTrouble({ vpn }: BridgeState): Trouble[] {
  if (vpn.kind !== 'down' && vpn.kind !== 'failing') return []
  const part: TroubledPart = { name: vpn.tunnel, ...(vpn.kind === 'failing' ? { cause: vpn.cause } : {}) }
  return [{ kind: 'vpn', urgency: 'limited', parts: [part], affects: [] }]
}

function causeOf(health: PartHealth): Failure | undefined {
  return health.kind === 'good' ? undefined : health.cause
}

function urgencyOf({ recovery }: Failure, link?: LinkState | TunnelState): Trouble['urgency'] {
  if (link?.phase === 'reconnecting' || link?.phase === 'connecting') return 'mending'
  return recovery === 'automatic' && link?.phase !== 'failed' ? 'mending' : 'needs-you'
}

type Times = Pick<TroubledPart, 'since' | 'nextTryAt' | 'isTrying'>

function timesOf(link: LinkState | TunnelState): Times {
  if (link.phase === 'reconnecting') return { since: link.since, nextTryAt: link.nextTryAt }
  if (link.phase === 'connecting' && link.outage !== undefined)
    return { since: link.outage.since, isTrying: true }
  return link.phase === 'failed' ? { since: link.since } : {}
}

function listenerFacts(listener: ListenerState): Pick<TroubledPart, 'since' | 'otherPort'> {
  if (listener.phase !== 'failed' && listener.phase !== 'opening') return {}
  const { since } = listener
  if (listener.phase === 'opening' || listener.otherPort === undefined) return { since }
  return { since, otherPort: listener.otherPort }
}
