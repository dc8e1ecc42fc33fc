import { isIP } from 'node:net'
import { AppError } from '../../shared/errors/app-error.ts'

export type Host =
  | { readonly kind: 'address'; readonly address: string; readonly family: 4 | 6 }
  /** Lower case, in ASCII (RFC 5891); a final dot, which keeps search domains out, is still there. */
  | { readonly kind: 'name'; readonly name: string }

/** Letters of any script, and what addresses are made of. The rest would mean something else inside a URL. */
const PLAIN = /^[\p{L}\p{M}\p{N}._:\-[\]]{1,255}$/u

/** Names that mean themselves, which nearly all are: no number at the end, nothing in another script. */
const ORDINARY = /^(?:(?!xn--)[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.){1,8}[a-z]{2,20}$/

/**
 * What a host means, however it is spelt: 0x7f.1, 127.1 and 2130706433 are the address 127.0.0.1 to every C library
 * (inet_aton(3)) and to browsers (https://url.spec.whatwg.org/#host-parsing), so they are to us.
 *
 * @param host with or without brackets around an IPv6 address.
 * @throws AppError `egress.denied` for what is no host, and for an address with a zone.
 */
export function parseHost(host: string): Host {
  const before = known.get(host)
  if (before !== undefined) return before
  const parsed = readHost(host)
  if (known.size >= KNOWN_MAX) known.clear()
  known.set(host, parsed)
  return parsed
}

/** More hosts than programs talk to at a time. */
const KNOWN_MAX = 1_024

const known = new Map<string, Host>()

function readHost(host: string): Host {
  if (ORDINARY.test(host)) return { kind: 'name', name: host }
  if (isIP(host) === 4) return { kind: 'address', address: host, family: 4 }
  if (host.includes('%'))
    throw new AppError(
      'egress.denied',
      `${shown(host)} names a network interface, which only its own machine can.`,
      { remedy: 'Take another address of that host, or its name.' },
    )
  const bare = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host
  if (bare.includes(':')) return parseIpv6(bare, host)
  const name = PLAIN.test(bare) ? nameIn(bare) : undefined
  if (name === undefined) throw new AppError('egress.denied', `${shown(host)} is not a host name.`)
  if (isIP(name) === 4) return { kind: 'address', address: name, family: 4 }
  // Not a name of DNS, so that the dot has no meaning, and some resolvers do not know it with one (RFC 6761 §6.3).
  return { kind: 'name', name: name.replace(/^(.*\.)?localhost\.$/, '$1localhost') }
}

function parseIpv6(bare: string, host: string): Host {
  if (isIP(bare) !== 6) throw new AppError('egress.denied', `${shown(host)} is not an address.`)
  return { kind: 'address', address: new URL(`http://[${bare}]/`).hostname.slice(1, -1), family: 6 }
}

function nameIn(host: string): string | undefined {
  const url = `http://${host}/`
  const name = URL.canParse(url) ? new URL(url).hostname : ''
  const labels = name.replace(/\.$/, '').split('.')
  return labels.every((label) => label.length > 0 && label.length <= 63) ? name : undefined
}

function shown(host: string): string {
  return JSON.stringify(host.slice(0, 100))
}
