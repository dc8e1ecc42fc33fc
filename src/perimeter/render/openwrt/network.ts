import { hostPart, networkOf } from '../../file/network.ts'
import type { Perimeter } from '../../file/schema.ts'
import { serverDevice, vpnOf } from '../../policy/layout.ts'
import { OURS, type Section } from './section.ts'

/** The interface of the server's own network, as the firewall and the leases call it. */
export const SERVER_INTERFACE = `${OURS}server`
/** Tells a section from one that somebody else made for the same device; netifd does not look at it. */
const MARK = { sovereign: 1 } as const

/** Ports that leave the bridge of the LAN. */
export function takenPorts({ server }: Perimeter): readonly string[] {
  return server.isolation.kind === 'vlan' ? server.isolation.ports : []
}

export function networkSections(perimeter: Perimeter): Section[] {
  return [...separation(perimeter), ...vpnSections(perimeter)]
}

function separation(perimeter: Perimeter): Section[] {
  const { router, server } = perimeter
  const { isolation } = server
  if (isolation.kind === 'host') return []
  // The switch keeps isolated ports from each other only, so the others have to be isolated too.
  if (isolation.kind === 'port')
    return [isolation.port, ...isolation.others].map((port, index) => ({
      config: 'network',
      name: `${OURS}port_${index}`,
      type: 'device',
      options: { name: port, isolate: 1, ...MARK },
    }))
  const name = serverDevice(perimeter)
  const device =
    isolation.ports.length > 0
      ? { name, type: 'bridge', ports: isolation.ports }
      : { name, type: '8021q', ifname: router.lan.device, vid: isolation.id }
  return [
    { config: 'network', name: `${OURS}device`, type: 'device', options: device },
    {
      config: 'network',
      name: SERVER_INTERFACE,
      type: 'interface',
      options: {
        proto: 'static',
        device: name,
        ipaddr: hostPart(isolation.address),
        netmask: netmask(isolation.address),
        ip6addr: isolation.address6 === undefined ? undefined : [isolation.address6],
      },
    },
  ]
}

function netmask(cidr: string): string {
  const bits = (0xffff_ffff << (32 - networkOf(cidr).prefix)) >>> 0
  return [24, 16, 8, 0].map((shift) => (bits >>> shift) & 255).join('.')
}

/** The private key is not in here: it is put in on the router, from a file that only its root reads. */
function vpnSections(perimeter: Perimeter): Section[] {
  const vpn = vpnOf(perimeter)
  if (vpn === undefined) return []
  return [
    {
      config: 'network',
      name: vpn.interface,
      type: 'interface',
      options: {
        proto: 'wireguard',
        listen_port: vpn.port,
        addresses: [vpn.address, vpn.address6].filter((address) => address !== undefined),
        ...MARK,
      },
    },
    ...perimeter.peers.map(
      (peer): Section => ({
        config: 'network',
        name: `${OURS}peer_${peer.name.replaceAll('-', '_')}`,
        type: `wireguard_${vpn.interface}`,
        options: {
          description: peer.name,
          public_key: peer.publicKey,
          allowed_ips: [
            `${peer.address}/32`,
            ...(peer.address6 === undefined || vpn.address6 === undefined ? [] : [`${peer.address6}/128`]),
          ],
        },
      }),
    ),
  ]
}
