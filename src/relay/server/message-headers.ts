import type { IncomingHttpHeaders } from 'node:http'
import { HOP_BY_HOP } from '../../node/hop-by-hop.ts'

/** Bodies are framed anew. */
const OF_ONE_CONNECTION = new Set([...HOP_BY_HOP, 'transfer-encoding'])

/** Between the upstream and the relay only: cookies are credentials, the others speak about the upstream's host. */
const NOT_FOR_CLIENTS = new Set([
  'set-cookie',
  'alt-svc',
  'strict-transport-security',
  'report-to',
  'nel',
  'server',
  'www-authenticate',
])

type Headers = Readonly<Record<string, string | string[] | undefined>>

/** Upstream response headers that may go on to the client; names in lower case. */
export function clientHeaders(headers: Headers): Record<string, string | string[]> {
  const nominated = nominatedBy(headers.connection)
  const kept: Record<string, string | string[]> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (
      value === undefined ||
      OF_ONE_CONNECTION.has(name) ||
      NOT_FOR_CLIENTS.has(name) ||
      nominated.has(name)
    )
      continue
    // An upstream that is such a relay itself does not speak for this one.
    if (name.startsWith('access-control-') || name.startsWith('x-relay-')) continue
    kept[name] = value
  }
  return kept
}

/**
 * Client request headers that may go on to an upstream: those that are named, and none that the client has
 * marked as meant for the next hop only. Credentials and cookies are never among them.
 */
export function upstreamHeaders(
  headers: IncomingHttpHeaders,
  allowed: readonly string[],
): Record<string, string> {
  const nominated = nominatedBy(headers.connection)
  const kept: Record<string, string> = {}
  for (const name of allowed) {
    const value = headers[name]
    if (typeof value === 'string' && !nominated.has(name)) kept[name] = value
  }
  return kept
}

function nominatedBy(connection: string | string[] | undefined): ReadonlySet<string> {
  if (connection === undefined) return new Set()
  const list = Array.isArray(connection) ? connection.join(',') : connection
  return new Set(list.split(',').map((name) => name.trim().toLowerCase()))
}
