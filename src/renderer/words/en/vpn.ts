import type { VpnSystem } from '../../../shared/state/vpn.ts'

/** The WireGuard tunnel of this computer to the model server. */
export const vpnWords = {
  title: 'VPN',
  tunnel: 'Tunnel',
  broughtUpBy: 'Brought up by',
  systems: {
    networkmanager: 'NetworkManager',
    systemd: 'systemd, wg-quick@',
    'wg-quick': 'wg-quick',
    macos: 'macOS, the WireGuard app',
    windows: 'Windows, the WireGuard app',
  } satisfies Record<VpnSystem, string>,
  endpoint: 'Router',
  handshake: 'Last handshake',
  noHandshake: 'none yet',
  hidden: 'not shown to this user',
  verified: 'Perimeter verified',
  verifiedFrom: (place: string) => `, as ${place}`,
  verdict: (right: number, wrong: number, unknown: number) =>
    [
      wrong === 0 ? `all ${right} as the policy says` : `${wrong} not as the policy says, ${right} right`,
      ...(unknown === 0 ? [] : [`${unknown} cannot be told from here`]),
    ].join(', '),
  lastLook: 'Last looked',
  up: 'Up',
  down: 'Down',
  goingUp: 'Going up',
  goingDown: 'Going down',
  silent: 'The router is silent',
  silentHint:
    'The tunnel is up, but the router has not answered for three minutes: its address, its port or the network in between may be wrong, or the key of this computer was revoked.',
  failing: 'The tunnel cannot be looked at',
  bringUp: 'Bring up',
  bringDown: 'Bring down',
  isDown: (tunnel: string) => `The VPN ${tunnel} is down`,
  isDownHint: 'What lies behind it, such as the model server, cannot be reached from this computer.',
} as const
