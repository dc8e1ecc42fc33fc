import { fromFailure } from '../../shared/errors/app-error.ts'
import { type LinkState, linkCause } from '../../shared/state/link.ts'
import type { SshLink } from './link.ts'

/** Resolves with the first state that fits or is beyond that; rejects with why the one attempt failed. */
export function reached(
  link: SshLink,
  signal: AbortSignal,
  fits: (state: LinkState) => boolean,
): Promise<LinkState> {
  return new Promise((resolve, reject) => {
    const settle = (state: LinkState): boolean => {
      const cause = linkCause(state)
      if (state.phase === 'connected') resolve(state)
      else if (signal.aborted) reject(signal.reason)
      else if (cause !== undefined) reject(fromFailure(cause))
      else if (fits(state)) resolve(state)
      else return false
      return true
    }
    if (settle(link.state)) return
    const finish = (): void => {
      unsubscribe()
      signal.removeEventListener('abort', onAbort)
    }
    const onAbort = (): void => {
      finish()
      reject(signal.reason)
    }
    const unsubscribe = link.onState((state) => {
      if (settle(state)) finish()
    })
    signal.addEventListener('abort', onAbort)
  })
}
