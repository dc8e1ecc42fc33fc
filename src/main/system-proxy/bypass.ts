import { isIPv4 } from 'node:net'

/** What never goes through the proxy, whatever else is said: the agent itself is one of them. */
const LOOPBACK = ['localhost', '127.0.0.0/8', '::1']

/** Names, addresses and networks, this machine's own first, none twice. */
export function bypassList(bypass: readonly string[]): readonly string[] {
  return [
    ...new Set([...LOOPBACK, ...bypass.map((host) => host.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, ''))]),
  ]
}

/**
 * A network as patterns with a star, for systems that know no networks: `10.0.0.0/8` is `10.*`, and 172.16.0.0/12 is
 * sixteen of them. Networks of IPv6 have no such form and are left out.
 */
export function starPatterns(host: string): readonly string[] {
  const [address = '', length] = host.split('/')
  if (length === undefined) return [host]
  const bits = Number(length)
  if (!isIPv4(address) || !(bits >= 0 && bits <= 32)) return []
  const octets = address.split('.').map(Number)
  const whole = Math.ceil(bits / 8)
  if (whole === 0) return ['*']
  const step = 2 ** (whole * 8 - bits)
  const last = octets[whole - 1] ?? 0
  const first = last - (last % step)
  const head = octets.slice(0, whole - 1)
  const tail = whole === 4 ? '' : '.*'
  return Array.from({ length: step }, (_, at) => `${[...head, first + at].join('.')}${tail}`)
}
