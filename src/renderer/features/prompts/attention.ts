import type { Failure } from '../../../shared/errors/app-error.ts'
import type { BridgeState, ListenerState } from '../../../shared/state/bridge-state.ts'
import { linkCause } from '../../../shared/state/link.ts'
import { fingerprintsIn } from './fingerprint-parts.ts'

/** A port that somebody else holds, with one that would do instead. */
export interface PortConflict {
  /** `agent`, or the name of a client; as `useOtherPort` and `retryNow` take it. */
  readonly target: string
  readonly client: string | undefined
  readonly address: string
  readonly otherPort: number
  readonly cause: Failure
  /** The same for the same conflict, so that it can be put off. */
  readonly key: string
}

/** A host that shows another key than the one on record. No question: nobody should click it away. */
export interface ChangedHostKey {
  readonly place: string
  readonly cause: Failure
  readonly isRevoked: boolean
  readonly shown: string | undefined
  readonly recorded: readonly string[]
}

export function portConflicts({ agent, clients }: BridgeState): PortConflict[] {
  const listeners: [ListenerState, string | undefined][] = [
    [agent, undefined],
    ...clients.map(({ listener, name }): [ListenerState, string] => [listener, name]),
  ]
  return listeners.flatMap(([listener, client]) => conflictOf(listener, client) ?? [])
}

function conflictOf(listener: ListenerState, client: string | undefined): PortConflict | undefined {
  if (listener.phase !== 'failed' || listener.otherPort === undefined) return undefined
  const { address, cause, otherPort, since } = listener
  const target = client ?? 'agent'
  return { target, client, address, cause, otherPort, key: `${target} ${address} ${since}` }
}

export function changedHostKeys({ relay, clients }: BridgeState): ChangedHostKey[] {
  const links = [{ place: relay.place, link: relay.link }, ...clients]
  return links.flatMap(({ place, link }) => {
    const cause = hostKeyCause(linkCause(link))
    if (cause === undefined) return []
    const [shown, ...recorded] = fingerprintsIn(cause.message)
    return [{ place, cause, isRevoked: cause.code === 'ssh.host-key-revoked', shown, recorded }]
  })
}

/** A jump host on the way is named as the cause of the cause. */
function hostKeyCause(cause: Failure | undefined): Failure | undefined {
  if (cause === undefined) return undefined
  if (cause.code === 'ssh.host-key-changed' || cause.code === 'ssh.host-key-revoked') return cause
  return hostKeyCause(cause.cause)
}
