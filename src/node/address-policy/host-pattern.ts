import { isIP } from 'node:net'
import { domainToASCII } from 'node:url'
import ipaddr from 'ipaddr.js'
import { unwrapAddress } from './address-kind.ts'

/**
 * Whether a pattern of the settings names a host: `name`, `*.name` for all below it, `*`, an address, or a network.
 * A host that is a name never matches a network: which addresses it has is not known here.
 *
 * @param host a name, or an address without brackets.
 */
export function matchesHost(pattern: string, host: string): boolean {
  if (pattern === '*') return true
  const wanted = plain(pattern)
  if (wanted.includes('/') || isIP(wanted) !== 0) return isIP(host) !== 0 && isInNetwork(wanted, host)
  const name = plain(host)
  return wanted.startsWith('*.') ? name.endsWith(wanted.slice(1)) : name === wanted
}

function plain(text: string): string {
  const bare = text
    .replace(/^\[|\](?=\/|$)/g, '')
    .replace(/\.$/, '')
    .toLowerCase()
  if (/^[\u0020-\u007e]*$/.test(bare)) return bare
  return bare.startsWith('*.') ? `*.${domainToASCII(bare.slice(2))}` : domainToASCII(bare)
}

function isInNetwork(network: string, host: string): boolean {
  const [address = '', bits] = network.split('/')
  if (isIP(address) === 0) return false
  const wanted = ipaddr.process(address)
  // However it is wrapped: a rule about an address is about where packets go.
  const found = unwrapAddress(host)
  if (wanted.kind() !== found.kind()) return false
  const most = wanted.kind() === 'ipv4' ? 32 : 128
  const size = bits === undefined ? most : Number(bits)
  return size <= most && found.match([wanted, size] as [ipaddr.IPv4 & ipaddr.IPv6, number])
}
