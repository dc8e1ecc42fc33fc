import { write } from './install.ts'
import { ADDRESSES as A, type Keys } from './lab-perimeter.ts'
import type { Host } from './world.ts'

const HANDSHAKE_MS = 10_000
const POLL_MS = 50

export interface VpnClient {
  readonly keys: Keys
  readonly routerKey: string
  readonly place: 'client' | 'peer'
}

/**
 * Connects a client that does not keep to what it was given: it sends everything through the tunnel, so that only the
 * router decides where it gets.
 */
export async function joinVpn(host: Host, { keys, routerKey, place }: VpnClient): Promise<void> {
  await write(host, '/run/wireguard.key', keys.privateKey, 0o600)
  const own = A[place]
  await host.sh(`
    ip link add wg0 type wireguard 2>/dev/null || wireguard-go wg0 > /dev/null 2>&1
    wg set wg0 private-key /run/wireguard.key peer ${routerKey} endpoint ${A.ispOutside[4]}:51820 \\
      persistent-keepalive 25 allowed-ips 0.0.0.0/0,::/0
    ip address add ${own[4]}/32 dev wg0
    ip address add ${own[6]}/128 dev wg0 nodad
    ip link set wg0 up
    ip route add default dev wg0
    ip -6 route add default dev wg0`)
  await handshake(host)
}

/** Waits until the router has answered this client's key. */
async function handshake(host: Host): Promise<void> {
  const deadline = Date.now() + HANDSHAKE_MS
  while ((await lastHandshake(host)) === 0) {
    if (Date.now() > deadline) throw new Error(`"${host.name}" does not get into the VPN.`)
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
}

/** Seconds since the Unix epoch; 0 for never. */
export async function lastHandshake(host: Host): Promise<number> {
  const line = await host.sh('wg show wg0 latest-handshakes')
  return Number(line.trim().split(/\s+/)[1] ?? 0)
}
