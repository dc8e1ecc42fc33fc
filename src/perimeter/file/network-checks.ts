import type { Mistake, SettingsPath } from '../../shared/settings/mistake.ts'
import { hostFlaw } from './host-flaw.ts'
import { hostPart, type Network, networkOf, networkText, overlap } from './network.ts'
import type { Perimeter } from './schema.ts'

export interface NamedNetwork {
  readonly path: SettingsPath
  /** As messages call it. */
  readonly name: string
  /** The address of the router in it. */
  readonly cidr: string
  readonly network: Network
}

/** Every network that the router has an address in, both families. */
export function networksOf({ router, server, wireguard }: Perimeter): NamedNetwork[] {
  const { isolation } = server
  const of = (name: string, path: SettingsPath, place: Pair | undefined): NamedNetwork[] =>
    place === undefined
      ? []
      : (['address', 'address6'] as const).flatMap((key) => {
          const cidr = place[key]
          return cidr === undefined ? [] : [{ name, path: [...path, key], cidr, network: networkOf(cidr) }]
        })
  return [
    ...of('the LAN', ['router', 'lan'], router.lan),
    ...of(
      'the network of the server',
      ['server', 'isolation'],
      isolation.kind === 'vlan' ? isolation : undefined,
    ),
    ...of('the VPN', ['wireguard'], wireguard),
  ]
}

interface Pair {
  readonly address: string
  readonly address6?: string | undefined
}

export function networkMistakes(perimeter: Perimeter): Mistake[] {
  const networks = networksOf(perimeter)
  return networks.flatMap((one, index) => {
    const other = networks.slice(0, index).find(({ network }) => overlap(network, one.network))
    const flaw = sizeFlaw(one) ?? hostFlaw(hostPart(one.cidr), one.network)
    return [
      ...(flaw === undefined ? [] : [{ path: one.path, text: flaw }]),
      ...(other === undefined
        ? []
        : [
            {
              path: one.path,
              text: `${networkText(one.cidr)} overlaps with ${networkText(other.cidr)} of ${other.name}; choose another network`,
            },
          ]),
    ]
  })
}

/** Room for the router and somebody else. A whole Internet of addresses is a slip of the pen. */
function sizeFlaw({ network: { family, prefix } }: NamedNetwork): string | undefined {
  const [least, most] = family === 4 ? [8, 30] : [32, 126]
  if (prefix >= least && prefix <= most) return undefined
  return `a prefix of /${prefix} makes no network for this; use /${least} to /${most}, mostly /${family === 4 ? 24 : 64}`
}
