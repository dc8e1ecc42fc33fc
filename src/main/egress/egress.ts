import type { Duplex } from 'node:stream'

/** Where a connection is to go. */
export interface EgressTarget {
  /** A host name, or an address literal without brackets. */
  readonly host: string
  readonly port: number
}

/**
 * How long connections may go on that began under settings which were replaced, in milliseconds: a large download is
 * done by then, and a server that nobody uses any more does not run for ever.
 */
export const LEAVE_MS = 3_600_000

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
  /** Lets connections finish for up to `drainMs`, then ends them. Asked again, the earlier end counts. */
  close(drainMs: number): Promise<void>
}
