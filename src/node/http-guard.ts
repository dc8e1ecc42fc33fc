import type { IncomingHttpHeaders } from 'node:http'
import { isIP } from 'node:net'

export type GuardVerdict = 'ok' | 'foreign-host' | 'foreign-origin'

const LOOPBACK_NAMES = new Set(['localhost', 'ip6-localhost', '[::1]'])

/**
 * Refuses what a web page could send to a loopback server: a Host that is not ours (DNS rebinding) and any
 * Origin or cross-site fetch that is not ours (a page on another site).
 *
 * @param allowedHosts further host names, lower case and without port, under which this server is reached.
 */
export function guardRequest(
  headers: IncomingHttpHeaders,
  allowedHosts: ReadonlySet<string> = new Set(),
): GuardVerdict {
  const host = headers.host
  // HTTP/1.0 and unix-socket clients may leave Host out; a browser never does.
  if (host !== undefined && host !== '' && !isOwnHost(hostName(host), allowedHosts)) return 'foreign-host'
  const origin = headers.origin
  if (origin !== undefined && !(host !== undefined && isOriginOf(origin, host))) return 'foreign-origin'
  const site = headers['sec-fetch-site']
  if (site === 'cross-site' || site === 'same-site') return 'foreign-origin'
  return 'ok'
}

function isOwnHost(name: string, allowedHosts: ReadonlySet<string>): boolean {
  return LOOPBACK_NAMES.has(name) || (isIP(name) === 4 && name.startsWith('127.')) || allowedHosts.has(name)
}

/** A page served by this very host and port. Another loopback port is another program. */
function isOriginOf(origin: string, host: string): boolean {
  return URL.canParse(origin) && new URL(origin).host === host.toLowerCase()
}

/** The name in a Host header: lower case, without the port. */
function hostName(host: string): string {
  return host.toLowerCase().replace(/:\d*$/, '')
}
