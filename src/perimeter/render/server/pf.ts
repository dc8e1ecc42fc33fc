import type { Perimeter } from '../../file/schema.ts'
import { type Family, serverEntrances, serverExits } from '../../policy/server-policy.ts'

/**
 * Apple's /etc/pf.conf evaluates every anchor below com.apple, so one there takes effect without a change to that file,
 * which belongs to the system and is replaced by its updates.
 */
export const PF_ANCHOR = 'com.apple/sovereign'
export const PF_FILE = '/etc/pf.anchors/sovereign'

const NEIGHBOURS = 'icmp6-type { routersol, routeradv, neighbrsol, neighbradv }'

/** The firewall of a server with macOS, see pf.conf(5). The first rule that matches decides. */
export function serverPf(perimeter: Perimeter): string {
  const { server } = perimeter
  const on = server.device === undefined ? '' : ` on ${server.device}`
  const ours = (family: Family) => (family === 4 ? server.address : server.address6)
  const entrances = serverEntrances(perimeter).flatMap(({ family, id, ports, sources }) => [
    `# ${id}`,
    `pass in quick${on} ${inet(family)} proto tcp from ${list(sources)} to ${ours(family)} ` +
      `port ${list(ports)} flags S/SA keep state`,
  ])
  const exits = serverExits(perimeter)
  const gateways = exits.flatMap(({ family, gateway }) => [
    '# server-dns',
    `pass out quick${on} ${inet(family)} proto { tcp, udp } from any to ${gateway} port 53 keep state`,
    ...(family === 4
      ? [
          '# server-dhcp',
          `pass out quick${on} inet proto udp from any port 68 to { ${gateway}, 255.255.255.255 } port 67 keep state`,
        ]
      : []),
  ])
  const lease = exits
    .filter(({ family }) => family === 4)
    .map(({ gateway }) => `pass in quick${on} inet proto udp from ${gateway} port 67 to any port 68`)
  const internet = exits.flatMap(({ allBut, family }) =>
    allBut === undefined
      ? []
      : [
          '# server-to-wan: everything but the machines next to this one',
          `block return out quick ${inet(family)} from any to ${list(allBut)}`,
          `pass out quick${on} ${inet(family)} from ${ours(family)} to any keep state`,
        ],
  )
  return [
    '# Written by "sovereign perimeter": change the perimeter file instead and apply that.',
    'pass quick on lo0 all',
    `pass quick inet6 proto ipv6-icmp all ${NEIGHBOURS}`,
    ...entrances,
    '# the answer to a request for a lease may come before there is an address to send it to',
    ...lease,
    '# whoever else comes in',
    'block drop in quick all',
    ...gateways,
    ...internet,
    '# whatever else goes out',
    'block return out quick all',
    '',
  ].join('\n')
}

function inet(family: Family): string {
  return family === 4 ? 'inet' : 'inet6'
}

function list(items: readonly (string | number)[]): string {
  return items.length === 1 ? String(items[0]) : `{ ${items.join(', ')} }`
}
