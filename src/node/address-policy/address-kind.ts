import ipaddr from 'ipaddr.js'

/** What an address is good for. Only `public` ones are reached without being allowed. */
export type AddressKind =
  | 'public'
  | 'loopback'
  | 'private'
  | 'link-local'
  /** Hands out the credentials of a cloud machine or container to whoever asks. */
  | 'metadata'
  | 'unspecified'
  | 'multicast'
  | 'reserved'

type Address = ipaddr.IPv4 | ipaddr.IPv6

/** AWS, GCP and Azure; containers on ECS and EKS; AWS over IPv6; Alibaba. Oracle has an own one besides the first. */
const METADATA: ReadonlySet<string> = new Set([
  '169.254.169.254',
  '169.254.170.2',
  '169.254.170.23',
  'fd00:ec2::254',
  'fd00:ec2::23',
  'fd20:ce::254',
  '100.100.100.200',
  '192.0.0.192',
  '168.63.129.16',
])

const KINDS: Readonly<Record<string, AddressKind>> = {
  unicast: 'public',
  // Anycast services of the internet (RFC 7534, RFC 7450).
  as112: 'public',
  as112v6: 'public',
  amt: 'public',
  loopback: 'loopback',
  private: 'private',
  carrierGradeNat: 'private',
  uniqueLocal: 'private',
  deprecatedSiteLocal: 'private',
  linkLocal: 'link-local',
  unspecified: 'unspecified',
  multicast: 'multicast',
}

interface KnownAddress {
  readonly address: Address
  readonly kind: AddressKind
}

/** More addresses than programs talk to at a time. */
const KNOWN_MAX = 1_024

const known = new Map<string, KnownAddress>()

/** An IPv4 address inside an IPv6 one is what packets reach in the end, so it is what counts. */
export function unwrapAddress(text: string): Address {
  return know(text).address
}

/** @param text a literal without brackets; @throws Error for what is no address. */
export function kindOfAddress(text: string): AddressKind {
  return know(text).kind
}

function know(text: string): KnownAddress {
  const before = known.get(text)
  if (before !== undefined) return before
  const parsed = ipaddr.parse(text)
  const address = (parsed instanceof ipaddr.IPv6 ? embedded(parsed) : undefined) ?? parsed
  const kind = METADATA.has(address.toString()) ? 'metadata' : (KINDS[address.range()] ?? 'reserved')
  if (known.size >= KNOWN_MAX) known.clear()
  known.set(text, { address, kind })
  return { address, kind }
}

function embedded(address: ipaddr.IPv6): ipaddr.IPv4 | undefined {
  const { parts } = address
  const [first, second, third] = parts
  // 2002:AABB:CCDD::/48 (RFC 3056).
  if (first === 0x2002) return fromParts(second, third)
  const range = address.range()
  const holdsIpv4AtItsEnd =
    range === 'ipv4Mapped' ||
    // 64:ff9b::/96 (RFC 6052) and ::ffff:0:0:0/96 (RFC 2765).
    (range === 'rfc6052' && parts.slice(2, 6).every((part) => part === 0)) ||
    range === 'rfc6145' ||
    // ::/96, the deprecated "IPv4-compatible" form (RFC 4291 §2.5.5.1), without :: and ::1.
    (parts.slice(0, 6).every((part) => part === 0) && (parts[6] !== 0 || (parts[7] ?? 0) > 1))
  return holdsIpv4AtItsEnd ? fromParts(parts[6], parts[7]) : undefined
}

function fromParts(high = 0, low = 0): ipaddr.IPv4 {
  return new ipaddr.IPv4([high >> 8, high & 0xff, low >> 8, low & 0xff])
}
