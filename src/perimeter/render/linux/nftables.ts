import { isIPv4 } from 'node:net'
import type { Perimeter } from '../../file/schema.ts'
import { deviceOf } from '../../policy/layout.ts'
import type { Rule } from '../../policy/rule.ts'
import { rulesOf } from '../../policy/rules.ts'
import { ACCEPT_LOOPBACK, ACCEPT_NEIGHBOURS, ACCEPT_REPLIES, block, ports } from '../nft.ts'

/** Ours alone: loading the file again replaces it in one step and leaves every other table as it is. */
export const ROUTER_TABLE = 'sovereign_router'

/** The policy as a file for `nft -f`; refuses what it does not accept. The comments are the ids of the rules. */
export function routerNftables(perimeter: Perimeter, rules: readonly Rule[] = rulesOf(perimeter)): string {
  const lines = (wanted: (rule: Rule) => boolean) =>
    rules.filter(wanted).flatMap((rule) => ruleLines(rule, perimeter))
  const wan = perimeter.router.wan.device
  const chains = [
    ...block('chain input', [
      'type filter hook input priority filter; policy drop;',
      ACCEPT_REPLIES,
      ACCEPT_LOOPBACK,
      ACCEPT_NEIGHBOURS,
      ...lines(({ to }) => to === 'router'),
    ]),
    ...block('chain forward', [
      'type filter hook forward priority filter; policy drop;',
      ACCEPT_REPLIES,
      ...lines(({ to }) => to !== 'router'),
    ]),
    // The ISP router knows no way back to what is behind this one. IPv6 has addresses enough.
    ...block('chain postrouting', [
      'type nat hook postrouting priority srcnat; policy accept;',
      `oifname "${wan}" meta nfproto ipv4 counter masquerade comment "base-masquerade"`,
    ]),
  ]
  return [
    '#!/usr/sbin/nft -f',
    '# Written by "sovereign perimeter": change the perimeter file instead and apply that.',
    '# Everything is refused unless a line here accepts it.',
    `table inet ${ROUTER_TABLE}`,
    `delete table inet ${ROUTER_TABLE}`,
    ...block(`table inet ${ROUTER_TABLE}`, chains),
    ...portTable(perimeter),
    '',
  ].join('\n')
}

/** A rule that names addresses has one line for each family that it has addresses of. */
function ruleLines(rule: Rule, perimeter: Perimeter): string[] {
  if (rule.sources === undefined && rule.destinations === undefined) return [ruleLine(rule, perimeter)]
  return ([4, 6] as const).flatMap((family) => {
    const ofFamily = (list: readonly string[] | undefined) =>
      list?.filter((address) => (isIPv4(address) ? 4 : 6) === family)
    const [sources, destinations] = [ofFamily(rule.sources), ofFamily(rule.destinations)]
    if (sources?.length === 0 || destinations?.length === 0) return []
    const word = family === 4 ? 'ip' : 'ip6'
    const addresses = [
      sources === undefined ? [] : [`${word} saddr ${set(sources)}`],
      destinations === undefined ? [] : [`${word} daddr ${set(destinations)}`],
    ].flat()
    return [ruleLine(rule, perimeter, addresses, `${rule.id}/${family}`)]
  })
}

function ruleLine(
  rule: Rule,
  perimeter: Perimeter,
  addresses: readonly string[] = [],
  name = rule.id,
): string {
  const [from, to] = [deviceOf(rule.from, perimeter), deviceOf(rule.to, perimeter)]
  return [
    from === undefined ? '' : `iifname "${from}"`,
    to === undefined ? '' : `oifname "${to}"`,
    ...addresses,
    rule.action === 'accept' ? 'ct state new' : '',
    rule.protocol === undefined ? '' : ports(rule.protocol, rule.ports),
    'counter',
    rule.action === 'accept' ? 'accept' : 'reject with icmpx type admin-prohibited',
    `comment "${name}"`,
  ]
    .filter((word) => word !== '')
    .join(' ')
}

/** What the bridge of the LAN carries from port to port never gets as far as the rules above. */
function portTable({ server }: Perimeter): string[] {
  const name = `table bridge ${ROUTER_TABLE}`
  // The table goes away with the isolation that it was for.
  const replaced = [name, `delete ${name}`]
  if (server.isolation.kind !== 'port') return replaced
  const { port } = server.isolation
  return [
    ...replaced,
    ...block(
      name,
      block('chain forward', [
        'type filter hook forward priority filter; policy accept;',
        `iifname "${port}" counter drop comment "server-to-neighbours"`,
        `oifname "${port}" counter drop comment "neighbours-to-server"`,
      ]),
    ),
  ]
}

function set(items: readonly string[]): string {
  return items.length === 1 ? (items[0] ?? '') : `{ ${items.join(', ')} }`
}
