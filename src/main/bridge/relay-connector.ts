import type { Duplex } from 'node:stream'
import { AppError } from '../../shared/errors/app-error.ts'
import type { RelayState } from '../../shared/state/bridge-state.ts'
import { type LinkState, linkCause } from '../../shared/state/link.ts'

/** The way to a relay, wherever it runs. */
export interface RelayConnector {
  readonly kind: RelayState['kind']
  /** For people: `embedded`, `pi:8080` or a URL. */
  readonly place: string
  readonly link: LinkState
  /** @returns the unsubscribe function. */
  onLink(listener: (link: LinkState) => void): () => void
  start(): void
  retryNow(): void
  probe(): void
  /** A connection to the port for clients. Rejects with AppError when there is no way. */
  open(signal: AbortSignal): Promise<Duplex>
  /** A connection with admin rights. Rejects with AppError when there is no way. */
  openAdmin(signal: AbortSignal): Promise<Duplex>
  /** The bridge is about to stop: ends what can be seen to be idle and lets the rest finish within `drainMs`. */
  drain(drainMs: number): void
  /** Idempotent. */
  close(drainMs: number): Promise<void>
}

/** How long a connection from a client is held while the link to the relay comes back. */
const HOLD_MS = 10_000

/**
 * Waits for a link that is on its way up, so that a request that falls into a short cut is answered late
 * rather than refused.
 *
 * @throws AppError with the cause when the link is down for longer, or for a reason that needs a person.
 */
export function whenUp(
  connector: Pick<RelayConnector, 'link' | 'onLink' | 'place'>,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (): boolean => {
      const { link } = connector
      if (link.phase === 'connected') resolve()
      else if (link.phase === 'failed' || link.phase === 'idle' || link.phase === 'closing')
        reject(notUp(connector))
      else return false
      return true
    }
    if (settle()) return
    const finish = (): void => {
      unsubscribe()
      clearTimeout(timer)
      signal.removeEventListener('abort', giveUp)
    }
    const giveUp = (): void => {
      finish()
      reject(notUp(connector))
    }
    const unsubscribe = connector.onLink(() => {
      if (settle()) finish()
    })
    const timer = setTimeout(giveUp, HOLD_MS)
    signal.addEventListener('abort', giveUp)
    if (signal.aborted) giveUp()
  })
}

function notUp({ link, place }: Pick<RelayConnector, 'link' | 'place'>): AppError {
  const cause = linkCause(link)
  if (cause === undefined)
    return new AppError('relay.unreachable', `The bridge is not connected to the relay (${place}).`)
  return new AppError('relay.unreachable', `The bridge cannot reach the relay (${place}): ${cause.message}`, {
    remedy: cause.remedy,
  })
}
