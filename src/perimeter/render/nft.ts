/** Every accepting rule takes new connections only; what belongs to one of those passes here. */
export const ACCEPT_REPLIES = 'ct state established,related counter accept comment "base-replies"'

export const ACCEPT_LOOPBACK = 'iifname "lo" counter accept comment "base-loopback"'

/** IPv6 finds neighbours and routers by ICMPv6; a hop limit of 255 has crossed no router (RFC 4861 section 11.2). */
export const ACCEPT_NEIGHBOURS =
  'icmpv6 type { nd-router-solicit, nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert } ' +
  'ip6 hoplimit 255 counter accept comment "base-neighbours"'

/** `name { … }` of nftables, one level deeper. */
export function block(name: string, lines: readonly string[]): string[] {
  return [`${name} {`, ...lines.map((line) => `\t${line}`), '}']
}

/** `tcp dport 22`, `tcp dport { 22, 80 }`, or every port of the protocol. */
export function ports(protocol: 'tcp' | 'udp', numbers: readonly number[] | undefined): string {
  if (numbers === undefined) return `meta l4proto ${protocol}`
  return `${protocol} dport ${numbers.length === 1 ? numbers[0] : `{ ${numbers.join(', ')} }`}`
}
