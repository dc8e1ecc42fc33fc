import { type Perimeter, perimeterSchema } from '../../src/perimeter/file/schema.ts'

type Plain = Readonly<Record<string, unknown>>

/** Keys of the curve that nobody holds the other half of. */
export const PEER_KEYS = {
  laptop: 'bGFwdG9wbGFwdG9wbGFwdG9wbGFwdG9wbGFwdG9wbGE=',
  phone: 'cGhvbmVwaG9uZXBob25lcGhvbmVwaG9uZXBob25lcGg=',
  router: 'cm91dGVycm91dGVycm91dGVycm91dGVycm91dGVycm8=',
} as const

/** A perimeter file with everything in it: a server in a VLAN, both families, two peers, an admin. */
export function perimeterValue(): Plain {
  return {
    router: {
      system: 'linux',
      wan: { device: 'eth0' },
      lan: { device: 'eth1', address: '192.168.250.1/24', address6: 'fd00:250::1/64' },
    },
    server: {
      system: 'linux',
      address: '192.168.251.20',
      address6: 'fd00:251::20',
      mac: '00:11:22:AA:BB:CC',
      device: 'eth0',
      isolation: { kind: 'vlan', id: 20, address: '192.168.251.1/24', address6: 'fd00:251::1/64' },
    },
    wireguard: {
      address: '10.10.10.1/24',
      address6: 'fd00:10::1/64',
      endpoint: 'vpn.example.org',
      publicKey: PEER_KEYS.router,
    },
    admins: ['192.168.250.10'],
    peers: [
      { name: 'laptop', publicKey: PEER_KEYS.laptop, address: '10.10.10.2', address6: 'fd00:10::2' },
      { name: 'phone', publicKey: PEER_KEYS.phone, address: '10.10.10.3', address6: 'fd00:10::3' },
    ],
  }
}

/** The server among the machines of the LAN; only a firewall of its own keeps it from them. */
export const AMONG_THE_LAN: Plain = {
  system: 'linux',
  address: '192.168.250.20',
  address6: 'fd00:250::20',
  mac: '00:11:22:AA:BB:CC',
  device: 'eth0',
  isolation: { kind: 'host' },
}

/** @param changes replace whole keys at the top; `undefined` leaves one out. */
export function makePerimeter(changes: Plain = {}): Perimeter {
  return perimeterSchema.parse({ ...perimeterValue(), ...changes })
}
