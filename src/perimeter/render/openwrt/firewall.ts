import { isIPv4 } from 'node:net'
import type { Perimeter } from '../../file/schema.ts'
import { serverZone, vpnOf } from '../../policy/layout.ts'
import type { Rule, Zone } from '../../policy/rule.ts'
import { rulesOf } from '../../policy/rules.ts'
import { SERVER_INTERFACE } from './network.ts'
import { OURS, type Section } from './section.ts'

/** As firewall4 calls the zones; those of the LAN and the WAN are the system's own. */
const ZONES: Readonly<Record<Exclude<Zone, 'router'>, string>> = {
  wan: 'wan',
  lan: 'lan',
  server: 'sov_server',
  vpn: 'sov_vpn',
}

/** What OpenWrt has from the beginning; "preflight" makes sure that it still does. */
const OF_THE_SYSTEM = ['lan-to-router', 'lan-to-wan', 'wan-to-dhcpv6']

export function firewallSections(perimeter: Perimeter): Section[] {
  const rules = rulesOf(perimeter).filter(({ id }) => !OF_THE_SYSTEM.includes(id))
  // A whole zone that reaches another is what a forwarding is; firewall4 asks every rule before it.
  const isForwarding = ({ action, ports, protocol, sources, destinations, to }: Rule) =>
    action === 'accept' && to !== 'router' && !(ports || protocol || sources || destinations)
  return [
    ...zoneSections(perimeter),
    // Before what refuses everything else from the server.
    ...neighbourSections(perimeter),
    ...rules.filter((rule) => !isForwarding(rule)).flatMap(ruleSections),
    closedWan(),
    ...rules.filter(isForwarding).map(
      (rule): Section => ({
        config: 'firewall',
        name: nameOf(rule.id),
        type: 'forwarding',
        options: { name: rule.id, src: zoneName(rule.from), dest: zoneName(rule.to) },
      }),
    ),
  ]
}

function zoneSections(perimeter: Perimeter): Section[] {
  const zone = (name: 'server' | 'vpn', network: string): Section => ({
    config: 'firewall',
    name: `${OURS}zone_${name}`,
    type: 'zone',
    options: { name: ZONES[name], network: [network], input: 'REJECT', output: 'ACCEPT', forward: 'REJECT' },
  })
  const vpn = vpnOf(perimeter)
  return [
    ...(vpn === undefined ? [] : [zone('vpn', vpn.interface)]),
    ...(serverZone(perimeter) === 'server' ? [zone('server', SERVER_INTERFACE)] : []),
  ]
}

/** A rule that names addresses has one section for each family that it has addresses of. */
function ruleSections(rule: Rule): Section[] {
  const options = {
    name: rule.id,
    src: zoneName(rule.from),
    dest: zoneName(rule.to),
    proto: rule.protocol ?? 'all',
  }
  const rest = {
    dest_port: rule.ports?.join(' '),
    target: rule.action === 'accept' ? 'ACCEPT' : 'REJECT',
  }
  const section = (suffix: string, own: Section['options']): Section => ({
    config: 'firewall',
    name: nameOf(rule.id) + suffix,
    type: 'rule',
    options: { ...options, ...own, ...rest },
  })
  if (rule.sources === undefined && rule.destinations === undefined) return [section('', {})]
  return ([4, 6] as const).flatMap((family) => {
    const of = (list: readonly string[] | undefined) =>
      list?.filter((address) => (isIPv4(address) ? 4 : 6) === family)
    const [sources, destinations] = [of(rule.sources), of(rule.destinations)]
    if (sources?.length === 0 || destinations?.length === 0) return []
    return [section(`_${family}`, { family: `ipv${family}`, src_ip: sources, dest_ip: destinations })]
  })
}

/** OpenWrt comes with rules that let IPsec and pings by IPv6 through to the LAN; replies pass before any rule. */
function closedWan(): Section {
  return {
    config: 'firewall',
    name: `${OURS}wan_to_any`,
    type: 'rule',
    options: { name: 'wan-to-any', src: ZONES.wan, dest: '*', proto: 'all', target: 'REJECT' },
  }
}

/** Without neighbour discovery there is no IPv6, and firewall4 has no exception for it in what refuses everything. */
function neighbourSections(perimeter: Perimeter): Section[] {
  if (perimeter.server.address6 === undefined) return []
  return [
    {
      config: 'firewall',
      name: `${OURS}server_neighbours`,
      type: 'rule',
      options: {
        name: 'server-neighbours',
        src: zoneName(serverZone(perimeter)),
        proto: 'icmp',
        icmp_type: ['router-solicitation', 'neighbour-solicitation', 'neighbour-advertisement'],
        family: 'ipv6',
        target: 'ACCEPT',
      },
    },
  ]
}

function zoneName(zone: Zone): string | undefined {
  return zone === 'router' ? undefined : ZONES[zone]
}

function nameOf(id: string): string {
  return OURS + id.replaceAll('-', '_')
}
