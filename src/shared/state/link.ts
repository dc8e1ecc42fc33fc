import type { Failure } from '../errors/app-error.ts'

/**
 * One supervised connection, such as the SSH connection to a client VM.
 *
 *   idle ──start──▶ connecting ──byte crossed──▶ connected
 *     ▲                │  ▲                          │
 *     │              cause│                        cause
 *   stop               ▼  │ nextTryAt / retry now     ▼
 *     └──────────── reconnecting ◀───────────────────┘
 *                      │
 *        needs a person ▼ (auth, host key, mistake)
 *                    failed ──retry now──▶ connecting
 *
 * All times are milliseconds since the Unix epoch.
 */
export type LinkState =
  | { readonly phase: 'idle' }
  | {
      readonly phase: 'connecting'
      readonly step: LinkStep
      readonly attempt: number
      readonly since: number
    }
  | { readonly phase: 'connected'; readonly since: number; readonly roundTripMs: number | undefined }
  | {
      readonly phase: 'reconnecting'
      readonly attempt: number
      readonly nextTryAt: number
      /** When it was lost, or first failed to come up. */
      readonly since: number
      readonly cause: Failure
    }
  | { readonly phase: 'failed'; readonly since: number; readonly cause: Failure }
  | { readonly phase: 'closing' }

/** What a connecting link is doing; `waiting-for-you` means a prompt is open. */
export type LinkStep =
  | 'resolving'
  | 'connecting'
  | 'authenticating'
  | 'waiting-for-you'
  | 'opening'
  | 'verifying'

export const IDLE: LinkState = { phase: 'idle' }

export function isUp(state: LinkState): state is Extract<LinkState, { phase: 'connected' }> {
  return state.phase === 'connected'
}

/** Why a link is not up, where there is a reason. */
export function linkCause(state: LinkState): Failure | undefined {
  return state.phase === 'reconnecting' || state.phase === 'failed' ? state.cause : undefined
}
