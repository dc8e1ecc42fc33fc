import { isIP } from 'node:net'
import { contains, hostPart, networkOf } from '../file/network.ts'
import type { Perimeter } from '../file/schema.ts'
import type { Cell } from '../policy/cell.ts'
import { serverGateway } from '../policy/layout.ts'

/** What the perimeter file does not say. */
export interface KnownHosts {
  /** Addresses of this machine, which asks others and not itself. */
  readonly own: readonly string[]
  /** Further machines of the LAN, of either family. */
  readonly lan: readonly string[]
  /** Machines in the internet that answer, of either family. */
  readonly internet: readonly string[]
}

/** Anycast resolvers that answer all over the world: 53, 80 and 443. */
export const INTERNET_HOSTS = ['1.1.1.1', '2606:4700:4700::1111']
const INTERNET_TCP = [53, 80, 443]

export type Target = { readonly address: string } | { readonly unknown: string }

/** Where to send the question of a cell from here, or why it cannot be asked from here. */
export function targetOf(cell: Cell, perimeter: Perimeter, known: KnownHosts): Target {
  const { family, from, to } = cell
  const { peers, router, server } = perimeter
  const found = (address: string | undefined, missing: string): Target =>
    address === undefined ? { unknown: missing } : { address }
  const ofFamily = (addresses: readonly (string | undefined)[]) =>
    addresses.find(
      (address) => address !== undefined && isIP(address) === family && !known.own.includes(address),
    )
  if (from === to) return { unknown: 'a machine to itself says nothing about the network' }
  switch (to) {
    case 'server':
      return routed(
        from,
        found(family === 4 ? server.address : server.address6, 'the server has no such address'),
      )
    case 'router':
      return routerTarget(cell, perimeter)
    case 'admin':
    case 'lan': {
      const addresses = to === 'admin' ? perimeter.admins : [...known.lan, ...perimeter.admins]
      const inLan = addresses.filter((address) => isInLan(address, router.lan))
      return routed(from, found(ofFamily(inLan), 'no machine of the LAN is known: name one with --lan-host'))
    }
    case 'vpn':
    case 'peer': {
      const addresses = peers.flatMap(({ address, address6 }) => [address, address6])
      return routed(from, found(ofFamily(addresses), 'no other peer has such an address'))
    }
    case 'internet':
      return found(
        ofFamily(known.internet),
        'no machine of the internet is known: name one with --internet-host',
      )
    case 'isp':
      return { unknown: 'the network of the ISP is not described' }
  }
}

/** Whether nobody is known to answer there, so that silence proves nothing. */
export function mayBeNobody({ to, protocol, port }: Cell): boolean {
  return to === 'internet' && !(protocol === 'tcp' && INTERNET_TCP.includes(port))
}

function isInLan(address: string, lan: Perimeter['router']['lan']): boolean {
  return [lan.address, lan.address6].some((cidr) => cidr !== undefined && contains(networkOf(cidr), address))
}

function routerTarget({ family, from }: Cell, perimeter: Perimeter): Target {
  const { router, wireguard } = perimeter
  const pick = (at: { address: string; address6?: string | undefined } | undefined): Target => {
    const cidr = family === 4 ? at?.address : at?.address6
    return cidr === undefined
      ? { unknown: 'the router has no such address there' }
      : { address: hostPart(cidr) }
  }
  switch (from) {
    case 'vpn':
      return pick(wireguard)
    case 'server':
      return pick(serverGateway(perimeter))
    case 'internet': {
      const host = endpointHost(wireguard?.endpoint)
      if (host === undefined) return { unknown: 'the file names no address that the internet knows' }
      const fixed = isIP(host)
      if (fixed !== 0 && fixed !== family) return { unknown: `the endpoint is an address of IPv${fixed}` }
      return { address: host }
    }
    default:
      return pick(router.lan)
  }
}

/** `vpn.example.com` of `vpn.example.com:51820`, `::1` of `[::1]:51820`. */
function endpointHost(endpoint: string | undefined): string | undefined {
  const match = /^(?:\[(?<v6>[^\]]+)\]|(?<host>[^:]+))(?::\d+)?$/.exec(endpoint ?? '')
  return match?.groups?.v6 ?? match?.groups?.host
}

/** RFC 1918, RFC 6598 and RFC 4193: the same address is somebody else's in the next network. */
const PRIVATE = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', 'fc00::/7', 'fe80::/10']

function routed(from: Cell['from'], target: Target): Target {
  if (from !== 'internet' || 'unknown' in target) return target
  return PRIVATE.some((network) => contains(networkOf(network), target.address))
    ? { unknown: `${target.address} is private: from the internet there is no way to it that could be tried` }
    : target
}
