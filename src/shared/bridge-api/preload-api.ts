import type { BridgeEvents, CallArgs, CallName, EventName } from './calls.ts'
import type { WireFailure } from './envelope.ts'

/** The name on `window` under which the preload puts its object. */
export const PRELOAD_KEY = 'sovereign'

/**
 * An answer as it crosses from the preload to the page. Errors lose their fields on that way, so failures
 * travel as values and no method ever rejects.
 */
export type PreloadAnswer =
  | { readonly ok: true; readonly result?: unknown }
  | { readonly ok: false; readonly error: WireFailure }

/** What the preload shows to the page: one method for each call, one for events, and no way to send anything else. */
export type PreloadApi = {
  readonly [Name in CallName]: (args: CallArgs<Name>) => Promise<PreloadAnswer>
} & {
  /** @returns the unsubscribe function. */
  readonly on: <Name extends EventName>(
    event: Name,
    listener: (payload: BridgeEvents[Name]) => void,
  ) => () => void
}
