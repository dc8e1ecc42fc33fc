import type { Failure } from '../errors/app-error.ts'
import type { VerifyRecord } from '../protocol/perimeter-verify.ts'

/** Which program of the system has the tunnel. */
export type VpnSystem = 'networkmanager' | 'systemd' | 'wg-quick' | 'macos' | 'windows'

/** The WireGuard tunnel of this computer that the profile names. Times are milliseconds since the Unix epoch. */
export type VpnState =
  /** The profile names none. */
  | { readonly kind: 'off' }
  | { readonly kind: 'unknown'; readonly tunnel: string }
  | {
      readonly kind: 'up' | 'down'
      readonly tunnel: string
      readonly system: VpnSystem
      readonly at: number
      readonly details: VpnDetails
      /** What the last "sovereign perimeter verify" on this computer found. */
      readonly verified?: VerifyRecord
    }
  /** On the user's order. */
  | {
      readonly kind: 'changing'
      readonly tunnel: string
      readonly to: 'up' | 'down'
      readonly since: number
    }
  | { readonly kind: 'failing'; readonly tunnel: string; readonly at: number; readonly cause: Failure }

export type VpnDetails =
  | {
      readonly kind: 'known'
      /** `host:port` of the router, as WireGuard last saw it. */
      readonly endpoint: string | undefined
      /** Undefined where there was none yet. */
      readonly handshakeAt: number | undefined
    }
  /** The system does not show them to this user, or the tunnel is down. */
  | { readonly kind: 'hidden' }

/** WireGuard makes a new handshake every two minutes while data flows (REKEY_AFTER_TIME), and gives up after three. */
export const HANDSHAKE_STALE_MS = 180_000
