import type { Failure } from '../errors/app-error.ts'
import type { DesktopState } from './desktop.ts'
import type { EgressState } from './egress.ts'
import type { Job } from './job.ts'
import type { LinkState } from './link.ts'
import type { LogsState } from './logs.ts'
import type { OllamaState } from './ollama.ts'
import type { Prompt } from './prompt.ts'
import type { SecretsState } from './secrets.ts'
import type { VpnState } from './vpn.ts'

/** Everything a face shows, published whole after every change. `revision` grows by one each time. */
export interface BridgeState {
  readonly revision: number
  readonly version: string
  readonly profile: string
  /** Whether the user wants to be connected; the links say how far that is. */
  readonly wanted: 'connected' | 'disconnected'
  readonly startedAt: number
  readonly relay: RelayState
  readonly clients: readonly ClientState[]
  readonly agent: ListenerState
  readonly egress: EgressState
  readonly prompts: readonly Prompt[]
  readonly ollama: OllamaState
  readonly vpn: VpnState
  /** Running ones and those that nobody has put away yet. */
  readonly jobs: readonly Job[]
  readonly desktop: DesktopState
  readonly secrets: SecretsState
  readonly logs: LogsState
}

export interface RelayState {
  readonly kind: 'embedded' | 'ssh' | 'url'
  /** Where it is, for people: `embedded`, `pi:8080` or a URL. */
  readonly place: string
  readonly link: LinkState
  readonly health: RelayHealth
}

/** What the relay said about itself when it was last asked. */
export type RelayHealth =
  | { readonly kind: 'unknown' }
  | {
      readonly kind: 'ok'
      readonly at: number
      readonly version: string
      readonly roundTripMs: number
      readonly upstreams: readonly UpstreamHealth[]
    }
  | { readonly kind: 'failing'; readonly at: number; readonly cause: Failure }

export interface UpstreamHealth {
  readonly name: string
  readonly signedIn: boolean
}

export interface ClientState {
  readonly name: string
  /** SSH alias or user@host:port. */
  readonly place: string
  readonly enabled: boolean
  readonly link: LinkState
  /** Where the client's programs find the relay, on the client. */
  readonly listen: ListenAddress
  readonly listener: ListenerState
  readonly path: PathProof
  readonly traffic: Traffic
}

/** Whether a request from the client's own loopback reached the relay and came back. */
export type PathProof =
  | { readonly kind: 'unproven' }
  | { readonly kind: 'proven'; readonly at: number; readonly roundTripMs: number }
  | { readonly kind: 'broken'; readonly at: number; readonly cause: Failure }
  /** The client's SSH server does not let us try from its side. */
  | { readonly kind: 'not-checkable'; readonly at: number; readonly reason: string }

export type ListenAddress =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'socket'; readonly path: string }

export type ListenerState =
  | { readonly phase: 'off' }
  | { readonly phase: 'opening'; readonly address: string; readonly since: number; readonly cause?: Failure }
  | { readonly phase: 'listening'; readonly address: string; readonly since: number }
  | {
      readonly phase: 'failed'
      readonly address: string
      readonly since: number
      readonly cause: Failure
      /** A free port that would do instead, where one was found. */
      readonly otherPort?: number
    }

/** Counted from real bytes since the bridge started. */
export interface Traffic {
  readonly bytesToClient: number
  readonly bytesFromClient: number
  readonly openChannels: number
  readonly totalChannels: number
  readonly lastByteAt: number | undefined
}

export const NO_TRAFFIC: Traffic = {
  bytesToClient: 0,
  bytesFromClient: 0,
  openChannels: 0,
  totalChannels: 0,
  lastByteAt: undefined,
}
