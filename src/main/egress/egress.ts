import type { Duplex } from 'node:stream'

/** Where a connection is to go. */
export interface EgressTarget {
  /** A host name, or an address literal without brackets. */
  readonly host: string
  readonly port: number
}

/**
 * One way out to the internet. What it opens is bytes in, bytes out: HTTP, TLS and WebSocket are spoken over it by
 * whoever asked. Every way passes test/contract/egress.
 */
export interface Egress {
  readonly name: 'direct' | 'mtls'
  /**
   * Opens a connection. It keeps half-close: `end()` sends a FIN, and what still comes is delivered. Destroying it
   * resets the far side.
   *
   * @throws AppError `egress.denied`, `egress.dns-failed`, `egress.refused`, `egress.timeout`, `egress.unreachable`;
   * and, where the way itself is broken, a `tunnel.*` code.
   */
  connect(target: EgressTarget, signal: AbortSignal): Promise<Duplex>
  /** Lets connections finish for up to `drainMs`, then ends them. Idempotent. */
  close(drainMs: number): Promise<void>
}
