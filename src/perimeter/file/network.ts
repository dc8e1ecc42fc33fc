import { isIPv4 } from 'node:net'

/** A block of addresses, as numbers. */
export interface Network {
  readonly family: 4 | 6
  readonly prefix: number
  /** The first address of the block. */
  readonly first: bigint
  readonly last: bigint
  /** The address that was written in front of the prefix. */
  readonly address: bigint
}

/** @param cidr an address with its prefix, as the schema lets it through. */
export function networkOf(cidr: string): Network {
  const [text = '', size = ''] = cidr.split('/')
  const family = isIPv4(text) ? 4 : 6
  const bits = family === 4 ? 32 : 128
  const prefix = Number(size)
  const address = addressNumber(text)
  const host = (1n << BigInt(bits - prefix)) - 1n
  return { family, prefix, address, first: address & ~host, last: address | host }
}

export function contains(network: Network, address: string): boolean {
  const number = addressNumber(address)
  const isSameFamily = (isIPv4(address) ? 4 : 6) === network.family
  return isSameFamily && number >= network.first && number <= network.last
}

export function overlap(a: Network, b: Network): boolean {
  return a.family === b.family && a.first <= b.last && b.first <= a.last
}

/** `192.168.250.0/24` for `192.168.250.1/24`. */
export function networkText(cidr: string): string {
  const { family, first, prefix } = networkOf(cidr)
  return `${addressText(first, family)}/${prefix}`
}

/** `192.168.250.1` for `192.168.250.1/24`. */
export function hostPart(cidr: string): string {
  return cidr.split('/')[0] ?? cidr
}

export function addressNumber(address: string): bigint {
  const parts = isIPv4(address) ? address.split('.') : wordsOf6(address)
  const [base, width] = isIPv4(address) ? [10, 8n] : [16, 16n]
  return parts.reduce((sum, part) => (sum << width) | BigInt(Number.parseInt(part, base)), 0n)
}

/** RFC 5952 for IPv6: small letters, the longest run of zeros shortened. */
export function addressText(address: bigint, family: 4 | 6): string {
  if (family === 4) return [24n, 16n, 8n, 0n].map((shift) => String((address >> shift) & 255n)).join('.')
  const words = Array.from({ length: 8 }, (_, index) =>
    ((address >> BigInt(112 - index * 16)) & 0xffffn).toString(16),
  ).join(':')
  const runs = words.match(/(?<![^:])0(?::0)+(?![^:])/g) ?? []
  const longest = runs.reduce((best, run) => (run.length > best.length ? run : best), '')
  if (longest === '') return words
  const at = words.search(new RegExp(`(?<![^:])${longest}(?![^:])`))
  return `${words.slice(0, at).replace(/:$/, '')}::${words.slice(at + longest.length).replace(/^:/, '')}`
}

function wordsOf6(address: string): string[] {
  // The last two words may be written as an IPv4 address (RFC 4291 2.2).
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address)
  const text =
    dotted === null ? address : `${dotted[1]}${pair(dotted[2], dotted[3])}:${pair(dotted[4], dotted[5])}`
  const [head = '', tail] = text.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  return [...left, ...Array<string>(8 - left.length - right.length).fill('0'), ...right]
}

function pair(high = '0', low = '0'): string {
  return (Number(high) * 256 + Number(low)).toString(16)
}
