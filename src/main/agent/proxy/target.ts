import { parseHost } from '../../../node/address-policy/host.ts'
import { AppError } from '../../../shared/errors/app-error.ts'
import type { EgressTarget } from '../../egress/egress.ts'

/** What an absolute-form request asks for (RFC 9112 §3.2.2). */
export interface HttpTarget extends EgressTarget {
  /** As it stands in the URL; what Host has to say. */
  readonly authority: string
  /** Path and query, byte for byte as they came. */
  readonly path: string
}

const ABSOLUTE = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/([^/?#]*)([^#]*)$/
const AUTHORITY = /^(\[[^\]]*\]|[^:@[\]/?#]+)(?::(\d{0,5}))?$/
/** More authorities than programs talk to at a time. */
const KNOWN_MAX = 512

const known = new Map<string, EgressTarget>()

/** @throws AppError `proxy.bad-request`, `proxy.not-http`, `egress.denied`. */
export function parseHttpTarget(url: string, method: string): HttpTarget {
  const [, scheme = '', authority = '', rest = ''] = ABSOLUTE.exec(url) ?? []
  if (scheme === '') throw new AppError('proxy.bad-request', 'The target of the request is not a URL.')
  // Some WebSocket clients write ws: where a proxy expects http:.
  if (!/^(?:http|ws)$/i.test(scheme))
    throw new AppError('proxy.not-http', `The proxy was asked for a ${scheme.toLowerCase()}: URL.`)
  const { host, port } = parseAuthority(authority, 80)
  return { host, port, authority, path: pathOf(rest, method) }
}

/** Of CONNECT (RFC 9112 §3.2.3). @throws AppError as above. */
export function parseConnectTarget(authority: string): EgressTarget {
  return parseAuthority(authority, undefined)
}

function parseAuthority(authority: string, defaultPort: number | undefined): EgressTarget {
  const key = defaultPort === undefined ? `${authority} CONNECT` : authority
  const before = known.get(key)
  if (before !== undefined) return before
  const target = readAuthority(authority, defaultPort)
  if (known.size >= KNOWN_MAX) known.clear()
  known.set(key, target)
  return target
}

function readAuthority(authority: string, defaultPort: number | undefined): EgressTarget {
  const [, name = '', digits = ''] = AUTHORITY.exec(authority) ?? []
  // There to deceive people (RFC 9110 §4.2.4), or a password, which is not to be repeated.
  if (authority.includes('@'))
    throw new AppError('proxy.bad-request', 'The URL has a user or a password before its host.', {
      remedy: 'Take them out of the URL; programs send them to the host in the Authorization header.',
    })
  // It may hold a path or a password, and this message comes into the log.
  if (name === '') throw new AppError('proxy.bad-request', 'The target of the request is no host and port.')
  const port = digits === '' ? defaultPort : Number(digits)
  if (port === undefined || port < 1 || port > 65_535)
    throw new AppError(
      'proxy.bad-request',
      `${JSON.stringify(name.slice(0, 100))} names no port that there is.`,
    )
  const parsed = parseHost(name)
  return { host: parsed.kind === 'address' ? parsed.address : parsed.name, port }
}

function pathOf(rest: string, method: string): string {
  // OPTIONS about the server as a whole (RFC 9112 §3.2.4).
  if (rest === '') return method === 'OPTIONS' ? '*' : '/'
  return rest.startsWith('/') ? rest : `/${rest}`
}
