import type { Duplex } from 'node:stream'
import type { Logger } from '../node/log.ts'

/** What a relay needs to know from whoever starts it. */
export interface RelayOptions {
  /** config.json; created with mode 0600 when it is missing. */
  readonly configPath: string
  /** Usage database, bundle cache and admin socket live here. */
  readonly dataDir: string
  /** `undefined` starts no TCP listener (embedded relay: connections come through {@link Relay.accept}). */
  readonly listen: { readonly host: string; readonly port: number } | undefined
  readonly env: Readonly<Record<string, string | undefined>>
  /** See {@link Relay.offerOllama}. */
  readonly ollama?: OfferedOllama | undefined
  /** Where it logs; by default to standard error at LOG_LEVEL. */
  readonly log?: Logger
}

/** An Ollama that whoever runs the relay has at hand; only models that run on it are offered. */
export interface OfferedOllama {
  readonly url: string
}

export interface Relay {
  /** Whether it speaks TLS at its address. */
  readonly isEncrypted: boolean
  /** Bound TCP address, where there is one. */
  readonly address: { readonly host: string; readonly port: number } | undefined
  readonly adminSocketPath: string
  /** Takes over a connection that did not come through the TCP listener: an SSH channel or a local socket. */
  accept(connection: Duplex): void
  /** The same for a connection with admin rights. */
  acceptAdmin(connection: Duplex): void
  /** Uses this Ollama where config.json and the environment name none; undefined for none at all. */
  offerOllama(ollama: OfferedOllama | undefined): void
  /** Reads the TLS certificate again, where there is one; never rejects. */
  renewCertificate(): Promise<void>
  /** Lets requests finish for up to `drainMs`, then cuts them. Idempotent. */
  close(drainMs?: number): Promise<void>
}
