import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { matchesHostList } from '../config/patterns.ts'
import type { ResolvedHost } from '../resolved-host.ts'

const DEFAULT_PORT = 22

/** The name under which a host stands in known_hosts; `[host]:port` unless it is port 22 or has an alias. */
export function recordName({
  hostName,
  port,
  hostKeyAlias,
}: Pick<ResolvedHost, 'hostName' | 'port' | 'hostKeyAlias'>): string {
  if (hostKeyAlias !== undefined) return hostKeyAlias.toLowerCase()
  const name = hostName.toLowerCase()
  return port === DEFAULT_PORT ? name : `[${name}]:${port}`
}

/** The first field of a line in known_hosts against the name of a host (sshd(8), SSH_KNOWN_HOSTS). */
export function matchesRecord(name: string, hosts: string): boolean {
  if (!hosts.startsWith('|')) return matchesHostList(name, hosts)
  const [, version, salt = '', hash = ''] = hosts.split('|')
  if (version !== '1') return false
  const expected = Buffer.from(hash, 'base64')
  const actual = hmac(Buffer.from(salt, 'base64'), name)
  return expected.length === actual.length && timingSafeEqual(expected, actual)
}

/** `|1|salt|hash`, which hides the name from whoever reads the file. */
export function hashedName(name: string): string {
  const salt = randomBytes(20)
  return `|1|${salt.toString('base64')}|${hmac(salt, name).toString('base64')}`
}

/** The format knows SHA-1 only. */
function hmac(salt: Buffer, name: string): Buffer {
  return createHmac('sha1', salt).update(name).digest()
}
