import type { Perimeter } from '../../src/perimeter/file/schema.ts'
import { AMONG_THE_LAN, makePerimeter } from './make-perimeter.ts'

const PORT = { kind: 'port', port: 'lan4', others: ['lan1', 'lan2'] }
const NO_VPN = { wireguard: undefined, peers: [] }

/** Every kind of perimeter that renders to something else. @param changes on top of each. */
export function perimeterVariants(changes: Record<string, unknown> = {}): [name: string, Perimeter][] {
  const make = (own: Record<string, unknown>) => makePerimeter({ ...own, ...changes })
  const host = { server: AMONG_THE_LAN }
  return [
    ['a VLAN', make({})],
    ['a VLAN, SSH for peers', make({ options: { sshFromVpn: true } })],
    ['a VLAN, air-gapped', make({ options: { airGapped: true } })],
    ['a VLAN without a VPN', make({ ...NO_VPN, options: { lanOnly: true } })],
    ['a VLAN, IPv4 only', onlyIpv4(make({}))],
    ['a server in the LAN', make(host)],
    ['a server in the LAN, air-gapped', make({ ...host, options: { airGapped: true } })],
    ['a server in the LAN without a VPN', make({ ...host, ...NO_VPN, options: { lanOnly: true } })],
    ['an isolated port', make({ server: { ...AMONG_THE_LAN, isolation: PORT }, admins: [] })],
  ]
}

function onlyIpv4(perimeter: Perimeter): Perimeter {
  return JSON.parse(JSON.stringify(perimeter, (key, value) => (key === 'address6' ? undefined : value)))
}
