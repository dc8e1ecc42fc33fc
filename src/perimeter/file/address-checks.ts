import type { Mistake, SettingsPath } from '../../shared/settings/mistake.ts'
import { duplicates } from './duplicates.ts'
import { hostFlaw } from './host-flaw.ts'
import { addressNumber, contains, networkOf, networkText } from './network.ts'
import type { Perimeter } from './schema.ts'

/** An address that has to lie in a network of the router; without one there is nothing to say about it here. */
interface Placed {
  readonly path: SettingsPath
  readonly address: string
  readonly cidr: string
  readonly network: string
}

/** Addresses outside their network, on one that is taken, and families that only one side has. */
export function addressMistakes(perimeter: Perimeter): Mistake[] {
  const placed = placedAddresses(perimeter)
  return [
    ...placed.flatMap((one) => {
      const text = placeFlaw(one)
      return text === undefined ? [] : [{ path: one.path, text }]
    }),
    ...duplicates(placed, keyOf)
      .filter(({ firstItem }) => placeFlaw(firstItem) === undefined)
      .map(({ item, firstItem }) => ({
        path: item.path,
        text: `${item.address} is taken by ${wordsOf(firstItem.path)}; give each its own address`,
      })),
    ...familyMistakes(perimeter),
  ]
}

function placedAddresses({ admins, peers, router, server, wireguard }: Perimeter): Placed[] {
  const { isolation } = server
  const [home, name] =
    isolation.kind === 'vlan' ? [isolation, 'the network of the server'] : [router.lan, 'the LAN']
  return [
    ...placed(['server', 'address'], server.address, home.address, name),
    ...placed(['server', 'address6'], server.address6, home.address6, name),
    ...admins.flatMap((address, index) => placed(['admins', index], address, router.lan.address, 'the LAN')),
    ...peers.flatMap(({ address, address6 }, index) => [
      ...placed(['peers', index, 'address'], address, wireguard?.address, 'the VPN'),
      ...placed(['peers', index, 'address6'], address6, wireguard?.address6, 'the VPN'),
    ]),
  ]
}

function placed(
  path: SettingsPath,
  address: string | undefined,
  cidr: string | undefined,
  network: string,
): Placed[] {
  return address === undefined || cidr === undefined ? [] : [{ path, address, cidr, network }]
}

function placeFlaw({ address, cidr, network }: Placed): string | undefined {
  const range = networkOf(cidr)
  if (!contains(range, address)) return `${address} is not in ${network}, which is ${networkText(cidr)}`
  if (addressNumber(address) === range.address) return `${address} is the address of the router there`
  return hostFlaw(address, range)
}

/** The same for two spellings of an IPv6 address. */
function keyOf({ address, cidr }: Placed): string {
  return `${networkText(cidr)} ${addressNumber(address)}`
}

function wordsOf([first, index]: SettingsPath): string {
  return first === 'server' ? 'the server' : `${first}[${index}]`
}

/** IPv6 on one side only: the owner believes that something is reached, or kept out, and it is not so. */
function familyMistakes({ peers, router, server, wireguard }: Perimeter): Mistake[] {
  const { isolation } = server
  const isApart = isolation.kind === 'vlan'
  const home = isApart ? isolation : router.lan
  const homePath = isApart ? 'server.isolation.address6' : 'router.lan.address6'
  const one = (condition: boolean, path: SettingsPath, text: string): Mistake[] =>
    condition ? [{ path, text }] : []
  return [
    ...one(
      home.address6 !== undefined && server.address6 === undefined,
      ['server', 'address6'],
      `is missing: with "${homePath}" the server has IPv6, and rules have to know its address`,
    ),
    ...one(
      home.address6 === undefined && server.address6 !== undefined,
      ['server', 'address6'],
      `has no network: "${homePath}" is missing`,
    ),
    ...one(
      wireguard?.address6 !== undefined && server.address6 === undefined,
      ['wireguard', 'address6'],
      'leads nowhere: the server has no "address6"',
    ),
    ...peers.flatMap(({ address6 }, index) =>
      one(
        address6 !== undefined && wireguard !== undefined && wireguard.address6 === undefined,
        ['peers', index, 'address6'],
        'has no network: "wireguard.address6" is missing',
      ),
    ),
  ]
}
