import type { Duplex, Readable } from 'node:stream'
import type { ListenAddress, ListenerState } from '../../shared/state/bridge-state.ts'
import type { LinkState } from '../../shared/state/link.ts'
import type { Answer, Question } from '../../shared/state/prompt.ts'

/** Where an SSH connection goes: an alias of the user's SSH config, or everything spelled out. */
export type SshTarget =
  | { readonly alias: string }
  | {
      readonly host: string
      readonly port?: number
      readonly user?: string
      readonly identityFile?: string
    }

/** Puts a question to the user and waits; rejects with `prompt.cancelled` when it is cancelled or `signal` fires. */
export interface PromptBroker {
  ask(question: Question, signal: AbortSignal): Promise<Answer>
}

export type ForwardTarget = { readonly host: string; readonly port: number } | { readonly socketPath: string }

/**
 * One supervised SSH connection. It keeps itself alive until `close`; every channel of a connection that
 * died is destroyed, and reverse forwards are opened again on the next one.
 */
export interface SshLink {
  readonly state: LinkState
  /** @returns the unsubscribe function. The listener is called after every change, never with the current state. */
  onState(listener: (state: LinkState) => void): () => void
  start(): void
  /** Skips the wait, or leaves `failed`. */
  retryNow(): void
  /** Something happened to the network or the machine woke: prove that a byte still crosses, tear down only if not. */
  probe(): void
  /** A channel to an address as seen from the host; half-close and backpressure as Node streams have them. */
  openChannel(target: ForwardTarget, signal?: AbortSignal): Promise<Duplex>
  /** Runs a command there; stdout and stderr as text. */
  exec(command: string, options?: ExecOptions): Promise<ExecResult>
  listen(address: ListenAddress, onChannel: (channel: Duplex) => void): ReverseListener
  /** Lets channels finish for up to `drainMs`, then closes. Idempotent. */
  close(drainMs?: number): Promise<void>
}

export interface ExecOptions {
  readonly stdin?: string | Readable
  /** Standard output and error as they come; they are in the result as well. */
  readonly onOutput?: (text: string) => void
  readonly signal?: AbortSignal
}

export interface ExecResult {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** A listener on the far host whose connections arrive here. */
export interface ReverseListener {
  readonly state: ListenerState
  onState(listener: (state: ListenerState) => void): () => void
  close(): Promise<void>
}
