import { execFileSync } from 'node:child_process'
import { parsePerimeter } from '../../../src/perimeter/file/read-perimeter.ts'
import type { Perimeter } from '../../../src/perimeter/file/schema.ts'

/** What separates the server from the LAN, or what else differs. */
export interface Scenario {
  readonly name: string
  readonly isolation: 'vlan' | 'port' | 'host'
  readonly options?: Partial<Perimeter['options']>
  /**
   * Whether the server's own firewall is up. Where the network is to keep it apart, the network has to do so alone:
   * whoever takes the server over turns its firewall off.
   */
  readonly serverFirewall?: boolean
  /** For people. */
  readonly about: string
}

/** Each isolation with the usual options, and the options where they bite. */
export const SCENARIOS: readonly Scenario[] = [
  { name: 'vlan', isolation: 'vlan', about: 'the server in a network of its own' },
  { name: 'port', isolation: 'port', about: 'the server at a port of the router that is kept apart' },
  {
    name: 'host',
    isolation: 'host',
    about: 'the server at the same switch as everybody, with its own firewall',
  },
  {
    name: 'vlan and firewall',
    isolation: 'vlan',
    serverFirewall: true,
    about: 'a network of its own, and the firewall of the server besides',
  },
  {
    name: 'vlan, SSH and no internet',
    isolation: 'vlan',
    options: { sshFromVpn: true, airGapped: true, adminPorts: [22, 8443] },
    about: 'peers reach SSH; the server is kept from the internet',
  },
  {
    name: 'host, SSH and no internet',
    isolation: 'host',
    options: { sshFromVpn: true, airGapped: true },
    about: 'the same at a shared switch',
  },
  {
    name: 'host, LAN only',
    isolation: 'host',
    options: { lanOnly: true, adminPorts: [] },
    about: 'no VPN; the LAN reaches the server at a shared switch',
  },
  {
    name: 'vlan, LAN only',
    isolation: 'vlan',
    options: { lanOnly: true },
    about: 'no VPN; the LAN reaches the server',
  },
]

export function scenarioNamed(name: string): Scenario {
  const found = SCENARIOS.find((scenario) => scenario.name === name)
  if (found === undefined) throw new Error(`There is no scenario "${name}".`)
  return found
}

export function hasServerFirewall({ isolation, serverFirewall }: Scenario): boolean {
  return serverFirewall ?? isolation === 'host'
}

export interface Keys {
  readonly privateKey: string
  readonly publicKey: string
}

export function makeKeys(): Keys {
  const privateKey = execFileSync('wg', ['genkey'], { encoding: 'utf8' }).trim()
  return {
    privateKey,
    publicKey: execFileSync('wg', ['pubkey'], { input: privateKey, encoding: 'utf8' }).trim(),
  }
}

/** Addresses of the lab; those of IPv4 are of the kind that homes have, those of IPv6 are for documentation. */
export const ADDRESSES = {
  internet: { 4: '198.51.100.10', 6: '2001:db8:99::10' },
  backbone: { 4: '203.0.113.10', 6: '2001:db8:1::10' },
  ispOutside: { 4: '203.0.113.1', 6: '2001:db8:1::1' },
  ispInside: { 4: '192.168.2.1', 6: '2001:db8:2::1' },
  neighbour: { 4: '192.168.2.50', 6: '2001:db8:2::50' },
  routerWan: { 4: '192.168.2.90', 6: '2001:db8:2::90' },
  routerLan: { 4: '192.168.250.1', 6: '2001:db8:250::1' },
  routerVlan: { 4: '192.168.251.1', 6: '2001:db8:251::1' },
  routerVpn: { 4: '10.10.10.1', 6: '2001:db8:10::1' },
  server: { 4: '192.168.250.20', 6: '2001:db8:250::20' },
  serverVlan: { 4: '192.168.251.20', 6: '2001:db8:251::20' },
  lan: { 4: '192.168.250.50', 6: '2001:db8:250::50' },
  admin: { 4: '192.168.250.10', 6: '2001:db8:250::a' },
  clientOutside: { 4: '203.0.113.21', 6: '2001:db8:1::21' },
  peerOutside: { 4: '203.0.113.22', 6: '2001:db8:1::22' },
  client: { 4: '10.10.10.2', 6: '2001:db8:10::2' },
  peer: { 4: '10.10.10.3', 6: '2001:db8:10::3' },
} as const

/** The file of a scenario, as its owner would write it. */
export function labPerimeter(scenario: Scenario, keys: { client: string; peer: string }): Perimeter {
  const { isolation } = scenario
  const isVlan = isolation === 'vlan'
  const lanOf = isVlan ? ADDRESSES.serverVlan : ADDRESSES.server
  const file = {
    router: {
      system: 'linux',
      wan: { device: 'wan0' },
      lan: {
        device: isolation === 'port' ? 'br-lan' : 'lan0',
        address: `${ADDRESSES.routerLan[4]}/24`,
        address6: `${ADDRESSES.routerLan[6]}/64`,
      },
    },
    server: {
      system: 'linux',
      address: lanOf[4],
      address6: lanOf[6],
      device: 'eth0',
      isolation:
        isolation === 'vlan'
          ? {
              kind: 'vlan',
              id: 20,
              address: `${ADDRESSES.routerVlan[4]}/24`,
              address6: `${ADDRESSES.routerVlan[6]}/64`,
            }
          : isolation === 'port'
            ? { kind: 'port', port: 'lan1', others: ['lan2', 'lan3'] }
            : { kind: 'host' },
    },
    // The bridge of "port" keeps everybody of the LAN away, so there is none that could be named.
    admins: isolation === 'port' ? [] : [ADDRESSES.admin[4]],
    ...(scenario.options?.lanOnly === true ? {} : vpnOf(keys)),
    options: scenario.options ?? {},
  }
  return parsePerimeter(JSON.stringify(file), scenario.name)
}

function vpnOf(keys: { client: string; peer: string }) {
  return {
    wireguard: {
      address: `${ADDRESSES.routerVpn[4]}/24`,
      address6: `${ADDRESSES.routerVpn[6]}/64`,
      endpoint: ADDRESSES.ispOutside[4],
    },
    peers: [
      { name: 'client', publicKey: keys.client, address: ADDRESSES.client[4], address6: ADDRESSES.client[6] },
      { name: 'other', publicKey: keys.peer, address: ADDRESSES.peer[4], address6: ADDRESSES.peer[6] },
    ],
  }
}
