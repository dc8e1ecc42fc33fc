import type { ServerResponse } from 'node:http'

/** The name of a request in the log of the relay, which every client gets with its answer. */
export function requestIdOf(response: ServerResponse): string {
  return String(response.getHeader('x-relay-request-id') ?? '')
}
