import type { Socket } from 'node:net'
import type { Ambient } from '../../node/ambient.ts'
import type { Logger } from '../../node/log.ts'
import type { ListenAddress, ListenerState } from '../../shared/state/bridge-state.ts'

export interface AgentOptions {
  /** Port 0 takes any free one. */
  readonly address: ListenAddress
  /**
   * Takes a connection that speaks to the relay: paused, with every byte it sent still to be read. Errors of the
   * socket are listened for by the agent.
   */
  readonly onRelayConnection: (socket: Socket) => void
  readonly ambient: Pick<Ambient, 'now'>
  readonly log: Logger
  /** How long a connection may take to say what it wants; 60 s unless told. */
  readonly headTimeoutMs?: number
  /** How often a taken port is tried again; 2 s unless told. */
  readonly retryIntervalMs?: number
}

/** The one listener on this machine's loopback through which its programs reach the relay. */
export interface Agent {
  readonly state: ListenerState
  /** @returns the unsubscribe function. The listener is called after every change, never with the current state. */
  onState(listener: (state: ListenerState) => void): () => void
  /** Moves to another port and settles when that was tried; connections already open go on. */
  useOtherPort(port: number): Promise<void>
  /** Tries a taken or forbidden address at once. */
  retryNow(): void
  /** Stops listening, lets handed-over connections finish for up to `drainMs`, then ends them. Idempotent. */
  close(drainMs?: number): Promise<void>
}

export function startAgent(_options: AgentOptions): Agent {
  throw new Error('Not there yet.')
}
