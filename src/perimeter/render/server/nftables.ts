import type { Perimeter } from '../../file/schema.ts'
import { type Family, serverEntrances, serverExits } from '../../policy/server-policy.ts'
import { ACCEPT_LOOPBACK, ACCEPT_NEIGHBOURS, ACCEPT_REPLIES, block, ports } from '../nft.ts'

export const SERVER_TABLE = 'sovereign_server'

/** Multicast listener reports are what switches with snooping need to carry neighbour discovery (RFC 3810). */
const SEND_NEIGHBOURS =
  'icmpv6 type { nd-router-solicit, nd-neighbor-solicit, nd-neighbor-advert, mld2-listener-report } ' +
  'counter accept comment "base-neighbours"'

/** The firewall of a server with Linux: who may talk to it, and whom it may talk to. */
export function serverNftables(perimeter: Perimeter): string {
  const { server } = perimeter
  const [iif, oif] =
    server.device === undefined ? ['', ''] : [`iifname "${server.device}" `, `oifname "${server.device}" `]
  const ours = (family: Family) => (family === 4 ? server.address : server.address6)
  const entrances = serverEntrances(perimeter).map(
    ({ family, id, ports: numbers, sources }) =>
      `${iif}${ip(family)} saddr ${set(sources)} ${ip(family)} daddr ${ours(family)} ct state new ` +
      `${ports('tcp', numbers)} counter accept comment "${id}/${family}"`,
  )
  const exits = serverExits(perimeter).flatMap(({ allBut, family, gateway }) => {
    const to = (target: string, match: string, id: string) =>
      `${oif}${ip(family)} daddr ${target} ct state new ${match}counter accept comment "${id}/${family}"`
    return [
      to(gateway, 'udp dport 53 ', 'server-dns'),
      to(gateway, 'tcp dport 53 ', 'server-dns-tcp'),
      ...(family === 4 ? [to(`{ ${gateway}, 255.255.255.255 }`, 'udp dport 67 ', 'server-dhcp')] : []),
      ...(allBut === undefined ? [] : [to(`!= { ${allBut.join(', ')} }`, '', 'server-to-wan')]),
    ]
  })
  return [
    '#!/usr/sbin/nft -f',
    '# Written by "sovereign perimeter": change the perimeter file instead and apply that.',
    '# Everything is refused unless a line here accepts it, also from and to the machines next to this one.',
    `table inet ${SERVER_TABLE}`,
    `delete table inet ${SERVER_TABLE}`,
    ...block(`table inet ${SERVER_TABLE}`, [
      ...block('chain input', [
        'type filter hook input priority filter; policy drop;',
        ACCEPT_REPLIES,
        ACCEPT_LOOPBACK,
        ACCEPT_NEIGHBOURS,
        ...entrances,
      ]),
      ...block('chain output', [
        'type filter hook output priority filter; policy drop;',
        ACCEPT_REPLIES,
        ACCEPT_LOOPBACK.replace('iifname', 'oifname'),
        SEND_NEIGHBOURS,
        ...exits,
      ]),
    ]),
    '',
  ].join('\n')
}

function ip(family: Family): string {
  return family === 4 ? 'ip' : 'ip6'
}

function set(items: readonly string[]): string {
  return items.length === 1 ? (items[0] ?? '') : `{ ${items.join(', ')} }`
}
