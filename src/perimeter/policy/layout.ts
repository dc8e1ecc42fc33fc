import type { Perimeter, PerimeterWireguard } from '../file/schema.ts'
import type { Zone } from './rule.ts'

/** Where the server stands: in a network of its own, or among the machines of the LAN. */
export function serverZone({ server }: Perimeter): Zone {
  return server.isolation.kind === 'vlan' ? 'server' : 'lan'
}

/** Both families, as far as it has them. */
export function serverAddresses({ server }: Perimeter): readonly string[] {
  return server.address6 === undefined ? [server.address] : [server.address, server.address6]
}

/** Undefined where there is no VPN at all. */
export function vpnOf({ options, wireguard }: Perimeter): PerimeterWireguard | undefined {
  return options.lanOnly ? undefined : wireguard
}

/** The interface of the router that the server is behind. */
export function serverDevice({ router, server }: Perimeter): string {
  const { isolation } = server
  if (isolation.kind !== 'vlan') return router.lan.device
  if (isolation.device !== undefined) return isolation.device
  // Ports of the router leave the bridge of the LAN for one of their own, so there are no tags.
  return isolation.ports.length > 0 ? 'br-server' : `${router.lan.device}.${isolation.id}`
}

/** The address of the router that the server talks to, with the size of the server's network. */
export function serverGateway({ router, server }: Perimeter): {
  address: string
  address6?: string | undefined
} {
  return server.isolation.kind === 'vlan' ? server.isolation : router.lan
}

/** The interface of the router where packets of a zone come in; undefined for the router itself. */
export function deviceOf(zone: Zone, perimeter: Perimeter): string | undefined {
  switch (zone) {
    case 'wan':
      return perimeter.router.wan.device
    case 'lan':
      return perimeter.router.lan.device
    case 'server':
      return serverDevice(perimeter)
    case 'vpn':
      return vpnOf(perimeter)?.interface
    case 'router':
      return undefined
  }
}
