import type { IncomingHttpHeaders } from 'node:http'
import type { Ambient } from '../../node/ambient.ts'
import type { Logger } from '../../node/log.ts'
import type { ClientIdentity, Route } from '../server/route.ts'

export interface ClientsOptions {
  /** Folder of clients.json; created when missing. */
  readonly dir: string
  readonly ambient: Ambient
  readonly log: Logger
}

/** Who may use the relay. Owns clients.json, where only hashes of tokens are kept. */
export interface Clients {
  /** Whether client routes ask for a token. */
  readonly required: boolean
  /**
   * The client that the headers belong to. `required`: a token is needed and none came. `unknown-token`: one
   * came that is not, or no longer, valid.
   */
  identify(headers: IncomingHttpHeaders): ClientIdentity | 'required' | 'unknown-token'
  isAdmin(headers: IncomingHttpHeaders): boolean
  /** Admin routes below `/admin`: list, add, revoke, require, admin token. */
  routes(): Route[]
  /** Writes what is left to write. Idempotent. */
  close(): Promise<void>
}

export async function openClients(_options: ClientsOptions): Promise<Clients> {
  throw new Error('not there yet')
}
