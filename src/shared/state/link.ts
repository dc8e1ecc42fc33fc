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
      /** What it is to end; undefined for the first attempt of all. */
      readonly outage?: Outage
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

/** A time without a connection, over all attempts. */
export interface Outage {
  readonly since: number
  /** Of the last attempt that failed, or of the loss. */
  readonly cause: Failure
}

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

/** Why a link is not up, where there is a reason; an attempt under way does not make it go away. */
export function linkCause(state: LinkState): Failure | undefined {
  if (state.phase === 'connecting') return state.outage?.cause
  return state.phase === 'reconnecting' || state.phase === 'failed' ? state.cause : undefined
}
