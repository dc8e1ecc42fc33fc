import type { Perimeter } from '../file/schema.ts'
import { serverAddresses, serverZone, vpnOf } from './layout.ts'
import type { Rule } from './rule.ts'

const DNS = 53
const DHCP = 67
const DHCPV6_CLIENT = 546
const SSH = 22

/**
 * The policy of a perimeter for its router, in the order in which the rules count. Everything else is refused: there
 * is a rejecting rule only where a wider one behind it would accept.
 */
export function rulesOf(perimeter: Perimeter): readonly Rule[] {
  return [
    ...vpnRules(perimeter),
    ...dhcpv6Rules(perimeter),
    ...serverRules(perimeter),
    ...lanToServer(perimeter),
    {
      id: 'lan-to-router',
      from: 'lan',
      to: 'router',
      action: 'accept',
      why: 'the LAN is where the router is managed, and it gives the LAN its addresses and names',
    },
    { id: 'lan-to-wan', from: 'lan', to: 'wan', action: 'accept', why: 'the LAN uses the internet' },
  ]
}

function vpnRules(perimeter: Perimeter): Rule[] {
  const { options, server } = perimeter
  const vpn = vpnOf(perimeter)
  if (vpn === undefined) return []
  const toServer = {
    from: 'vpn',
    to: serverZone(perimeter),
    action: 'accept',
    protocol: 'tcp',
    destinations: serverAddresses(perimeter),
  } as const
  const ssh: Rule = { ...toServer, id: 'vpn-to-server-ssh', ports: [SSH], why: 'peers may manage the server' }
  return [
    {
      id: 'wan-to-wireguard',
      from: 'wan',
      to: 'router',
      action: 'accept',
      protocol: 'udp',
      ports: [vpn.port],
      why: 'the only port that is open to the internet; it answers nobody without a key',
    },
    { ...toServer, id: 'vpn-to-server', ports: [server.port], why: 'what the VPN is for' },
    ...(options.sshFromVpn ? [ssh] : []),
  ]
}

/** Answers come from a link-local address to a question that went to everybody, so they belong to no connection. */
function dhcpv6Rules({ router }: Perimeter): Rule[] {
  if (!router.wan.dhcpv6) return []
  return [
    {
      id: 'wan-to-dhcpv6',
      from: 'wan',
      to: 'router',
      action: 'accept',
      protocol: 'udp',
      ports: [DHCPV6_CLIENT],
      sources: ['fe80::/10'],
      why: 'the addresses that the ISP gives the router',
    },
  ]
}

/** What the server may do. In a LAN that it shares, its own address is all that tells it from the others there. */
function serverRules(perimeter: Perimeter): Rule[] {
  const { airGapped } = perimeter.options
  const isApart = serverZone(perimeter) === 'server'
  const from = isApart
    ? ({ from: 'server' } as const)
    : ({ from: 'lan', sources: serverAddresses(perimeter) } as const)
  const toRouter = { ...from, to: 'router', action: 'accept' } as const
  const needed: Rule[] = [
    { ...toRouter, id: 'server-dns', protocol: 'udp', ports: [DNS], why: 'the router answers for names' },
    {
      ...toRouter,
      id: 'server-dns-tcp',
      protocol: 'tcp',
      ports: [DNS],
      why: 'answers that are too long for a datagram',
    },
    {
      ...toRouter,
      // IPv6 has no use for this port.
      ...(isApart ? {} : { sources: [perimeter.server.address] }),
      id: 'server-dhcp',
      protocol: 'udp',
      ports: [DHCP],
      why: 'the lease of its address',
    },
  ]
  const toWan: Rule = {
    ...from,
    id: 'server-to-wan',
    to: 'wan',
    action: isApart ? 'accept' : 'reject',
    why: isApart ? 'models and updates' : 'the server is kept from the internet; the LAN is not',
  }
  if (isApart) return airGapped ? needed : [...needed, toWan]
  const notRouter: Rule = {
    ...from,
    id: 'server-not-router',
    to: 'router',
    action: 'reject',
    why: 'the server has no business with the router; the LAN has',
  }
  return [...needed, notRouter, ...(airGapped ? [toWan] : [])]
}

/** Only where the router stands between the LAN and the server. */
function lanToServer(perimeter: Perimeter): Rule[] {
  const { admins, options, server } = perimeter
  if (serverZone(perimeter) !== 'server') return []
  const toServer = {
    from: 'lan',
    to: 'server',
    action: 'accept',
    protocol: 'tcp',
    destinations: serverAddresses(perimeter),
  } as const
  const all: Rule = {
    ...toServer,
    id: 'lan-to-server',
    ports: [server.port],
    why: 'there is no VPN to come by',
  }
  // What the whole LAN reaches needs no rule for a part of it.
  const ports = [...new Set(options.adminPorts)].filter((port) => !options.lanOnly || port !== server.port)
  const some: Rule = {
    ...toServer,
    id: 'admin-to-server',
    sources: admins,
    ports,
    why: 'machines that manage the server',
  }
  return [...(options.lanOnly ? [all] : []), ...(admins.length > 0 && ports.length > 0 ? [some] : [])]
}
