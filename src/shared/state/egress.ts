import type { Failure } from '../errors/app-error.ts'
import type { Outage } from './link.ts'

/** How the proxy of this computer gets out. */
export interface EgressState {
  /** What hosts get that no rule names. */
  readonly use: 'direct' | 'mtls'
  readonly tunnel: TunnelState
  /** When the certificate of this agent ends, in milliseconds since the Unix epoch; missing until its files were read. */
  readonly certificateEndsAt?: number
  /** What starts and stops the server of the tunnel; missing where it always runs. */
  readonly control?: ControlKind
  /** Whether the proxy of the system leads here; missing where it is left alone. */
  readonly systemProxy?: SystemProxyState
}

export type SystemProxyState =
  | { readonly kind: 'set' }
  /** It could not be set, or not put back. */
  | { readonly kind: 'failed'; readonly cause: Failure }

/**
 * The mTLS tunnel and the server at its other end. All times are milliseconds since the Unix epoch.
 *
 *   off                     no tunnel in the settings, or disconnected
 *   asleep ──first request──▶ waking ──address known──▶ connecting ──▶ connected
 *      ▲                        │                          │ ▲             │
 *      └────── killing ◀── draining ◀──── disconnect ──────┘ └─ reconnecting ◀┘
 */
export type TunnelState =
  | { readonly phase: 'off' }
  | { readonly phase: 'asleep'; readonly since: number; readonly control: ControlKind }
  | {
      readonly phase: 'waking'
      readonly since: number
      readonly stage: WakeStage
      /** How long waking took the last times, in milliseconds; undefined while that is not known. */
      readonly typicalMs: number | undefined
      /** Requests that wait for it. */
      readonly held: number
    }
  | {
      readonly phase: 'connecting'
      readonly since: number
      readonly server: string
      /** What it is to end, as for other links; undefined for the first attempt of all. */
      readonly outage?: Outage
    }
  | {
      readonly phase: 'connected'
      readonly since: number
      /** `host:port` that it is connected to. */
      readonly server: string
      readonly protocol: TunnelProtocol
      readonly roundTripMs: number | undefined
      readonly running: RunningServer | undefined
    }
  | {
      readonly phase: 'reconnecting'
      readonly since: number
      readonly attempt: number
      readonly nextTryAt: number
      readonly cause: Failure
    }
  | { readonly phase: 'draining'; readonly since: number }
  | { readonly phase: 'killing'; readonly since: number }
  /** Needs a person: a certificate, a setting, a right. */
  | { readonly phase: 'failed'; readonly since: number; readonly cause: Failure }

export type TunnelProtocol = 'h2' | 'envelopes'

export type ControlKind = 'aws' | 'webhook' | 'wake-on-lan' | 'process'

/** The stages of an ECS task, and those that other providers have of them (docs.aws.amazon.com/AmazonECS, task lifecycle). */
export type WakeStage =
  | 'requested'
  | 'provisioning'
  | 'pending'
  | 'activating'
  | 'running'
  | 'deactivating'
  | 'stopping'
  | 'deprovisioning'
  | 'stopped'

/** A server that costs money while it runs, as far as its provider tells. */
export interface RunningServer {
  readonly since: number
  /** In US dollars, from the provider's list price and the time; an estimate. */
  readonly costUsd: number | undefined
  /** What that is estimated from, for people; with `costUsd`. */
  readonly costSource?: string
  /** When it is stopped at the latest. */
  readonly stopsAt: number | undefined
}

export const NO_TUNNEL: TunnelState = { phase: 'off' }
