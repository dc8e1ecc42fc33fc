import type { Duplex } from 'node:stream'
import type { Logger } from '../node/log.ts'
import type { KeepaliveTimings } from '../node/tunnel/keepalive.ts'
import type { Refusal } from '../shared/protocol/tunnel/refusal.ts'
import type { Meters } from './meters.ts'

export interface DialTarget {
  /** A host name, or an address literal without brackets. */
  readonly host: string
  readonly port: number
}

/**
 * Opens a connection to the internet that keeps half-close and that is reset when it is destroyed early.
 *
 * @throws AppError `egress.*`
 */
export type Dial = (target: DialTarget, signal: AbortSignal) => Promise<Duplex>

/** What one connection of an agent is served with. */
export interface ServeContext {
  readonly dial: Dial
  readonly meters: Meters
  readonly log: Logger
  readonly keepalive: KeepaliveTimings
  /** The name by which the agent is allowed. */
  readonly agent: string
  /** Of one connection. */
  readonly maxStreams: number
}

/** One agent's connection, whichever format it speaks. */
export interface AgentConnection {
  readonly ended: Promise<void>
  /** Takes no new streams, and ends when those that are open have. */
  drain(): void
  /** Cuts it, with a word to the agent where there is a reason. Idempotent. */
  destroy(refusal?: Refusal | { readonly code: 'tunnel.rejected'; readonly message: string }): void
}
