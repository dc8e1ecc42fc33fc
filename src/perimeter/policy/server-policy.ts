import { isIPv4 } from 'node:net'
import { hostPart, networkText } from '../file/network.ts'
import type { Perimeter } from '../file/schema.ts'
import { serverGateway, vpnOf } from './layout.ts'

export type Family = 4 | 6

/** Who may begin to talk to the server; the firewall of the server refuses everybody else. */
export interface ServerEntrance {
  readonly id: string
  readonly family: Family
  readonly sources: readonly string[]
  readonly ports: readonly number[]
}

/** What the server may begin itself, for one family. */
export interface ServerExit {
  readonly family: Family
  /** The router, where it answers for names and leases. */
  readonly gateway: string
  /** Neighbours; what lies elsewhere is the internet. Undefined where the server may not go there. */
  readonly allBut: readonly string[] | undefined
}

/** Families that the server speaks; whatever comes by the other one is none of its business. */
export function serverFamilies({ server }: Perimeter): readonly Family[] {
  return server.address6 === undefined ? [4] : [4, 6]
}

export function serverEntrances(perimeter: Perimeter): readonly ServerEntrance[] {
  const { admins, options, router, server } = perimeter
  const vpn = vpnOf(perimeter)
  const families = serverFamilies(perimeter)
  const fromNetwork = (id: string, network: Pair | undefined, ports: readonly number[]) =>
    families.flatMap((family) => {
      const cidr = family === 4 ? network?.address : network?.address6
      return cidr === undefined ? [] : [{ id, family, sources: [networkText(cidr)], ports }]
    })
  const machines = admins.filter((address) => isIPv4(address))
  const ports = [...new Set(options.adminPorts)].filter((port) => !options.lanOnly || port !== server.port)
  return [
    ...fromNetwork('vpn-to-server', vpn, options.sshFromVpn ? [server.port, 22] : [server.port]),
    ...(options.lanOnly ? fromNetwork('lan-to-server', router.lan, [server.port]) : []),
    ...(machines.length > 0 && ports.length > 0
      ? [{ id: 'admin-to-server', family: 4 as const, sources: machines, ports }]
      : []),
  ]
}

interface Pair {
  readonly address: string
  readonly address6?: string | undefined
}

/** Link-local and multicast reach neighbours as well, in whatever network they are. */
const ALWAYS_NEAR = {
  4: ['169.254.0.0/16', '224.0.0.0/4', '255.255.255.255/32'],
  6: ['fe80::/10', 'ff00::/8'],
} as const

export function serverExits(perimeter: Perimeter): readonly ServerExit[] {
  const { options, router } = perimeter
  const home = serverGateway(perimeter)
  const networks: readonly (Pair | undefined)[] = [
    router.lan,
    home === router.lan ? undefined : home,
    vpnOf(perimeter),
  ]
  return serverFamilies(perimeter).flatMap((family) => {
    const gateway = family === 4 ? home.address : home.address6
    if (gateway === undefined) return []
    const near = networks.flatMap((network) => {
      const cidr = family === 4 ? network?.address : network?.address6
      return cidr === undefined ? [] : [networkText(cidr)]
    })
    const allBut = options.airGapped ? undefined : [...near, ...ALWAYS_NEAR[family]]
    return [{ family, gateway: hostPart(gateway), allBut }]
  })
}
