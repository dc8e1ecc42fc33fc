import type { ControlKind, WakeStage } from '../../shared/state/egress.ts'
import type { Price } from './price.ts'

export interface ServerAddress {
  readonly host: string
  readonly port: number
}

/** How far the server is. All times are milliseconds since the Unix epoch. */
export interface ServerReport {
  readonly stage: WakeStage
  /** Where it is, once it runs; `undefined` until then. */
  readonly address: ServerAddress | undefined
  /** For people. */
  readonly message: string
  readonly startedAt: number | undefined
  readonly stopsAt: number | undefined
}

export type KillReport =
  /** Seen to be no more. */
  | { readonly kind: 'stopped' }
  /** Asked to stop; ask again to know. */
  | { readonly kind: 'stopping' }
  /** Others need it. */
  | { readonly kind: 'held'; readonly holders: number }
  /** This provider cannot stop it. */
  | { readonly kind: 'left-on' }

/**
 * Whoever starts and stops the tunnel server. Every provider passes test/contract/control-plane.
 *
 * All calls may be repeated: waking wants one server, killing lets go of the owner's claim to it. They throw AppError
 * `control.refused` or `control.failed`, and the signal's reason.
 */
export interface ControlPlane {
  readonly kind: ControlKind
  /** What an hour of the server costs by the list, where that is known. */
  readonly price: Price | undefined
  wake(owner: string, signal: AbortSignal): Promise<void>
  query(signal: AbortSignal): Promise<ServerReport>
  kill(owner: string, signal: AbortSignal): Promise<KillReport>
  /** Ends what belongs to this object itself. Idempotent. */
  close(): Promise<void>
}
