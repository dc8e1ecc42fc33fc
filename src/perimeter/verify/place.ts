import { contains, networkOf } from '../file/network.ts'
import type { Perimeter } from '../file/schema.ts'
import { vpnOf } from '../policy/layout.ts'

/** Where `verify` can stand. */
export const VERIFY_PLACES = ['vpn', 'server', 'admin', 'lan', 'internet'] as const
export type VerifyPlace = (typeof VERIFY_PLACES)[number]

/**
 * Where a machine with these addresses stands. Who is in the LAN and has the VPN up, too, is asked about as a VPN
 * client, because that is the way to the server.
 */
export function placeOf(perimeter: Perimeter, addresses: readonly string[]): VerifyPlace | 'router' {
  const { admins, router, server } = perimeter
  const vpn = vpnOf(perimeter)
  const has = (address: string | undefined) => address !== undefined && addresses.includes(address)
  const isWithin = (cidr: string | undefined) =>
    cidr !== undefined && addresses.some((address) => contains(networkOf(cidr), address))
  if (has(networkHost(router.lan.address))) return 'router'
  if (has(server.address) || has(server.address6)) return 'server'
  if (isWithin(vpn?.address) || isWithin(vpn?.address6)) return 'vpn'
  if (admins.some(has)) return 'admin'
  if (isWithin(router.lan.address) || isWithin(router.lan.address6)) return 'lan'
  return 'internet'
}

function networkHost(cidr: string): string | undefined {
  return cidr.split('/')[0]
}
