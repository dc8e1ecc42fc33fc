import type { IncomingMessage, ServerResponse } from 'node:http'

/** Who is asking: `admin` came over the admin socket or with the admin token. */
export type Access = 'client' | 'admin'

/** The client that a request is counted for; `unknown` where no token is required and none was sent. */
export interface ClientIdentity {
  readonly name: string
}

export interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** Parsed target; `pathname` is normalised and starts with a slash. */
  readonly url: URL
  readonly access: Access
  readonly client: ClientIdentity
  /** Aborts when the client goes away or the relay is closed for good. */
  readonly signal: AbortSignal
}

export interface Route {
  readonly method: 'GET' | 'POST' | 'DELETE' | 'ANY'
  /** Exact, or a prefix when it ends in `/*`. */
  readonly path: string
  /** Least right that is needed. `open` needs no bearer token even where the relay asks clients for one. */
  readonly access: Access | 'open'
  readonly handle: (exchange: Exchange) => Promise<void>
}
