import type { Perimeter, PerimeterPeer, PerimeterWireguard } from '../file/schema.ts'

/** What a peer imports into WireGuard. It holds the private key of the peer. */
export function peerConf(
  { server }: Perimeter,
  vpn: PerimeterWireguard,
  peer: PerimeterPeer,
  keys: { readonly privateKey: string; readonly routerKey: string },
): string {
  const hasIpv6 = peer.address6 !== undefined && server.address6 !== undefined
  const both = (four: string, six: string | undefined) =>
    [`${four}/32`, ...(hasIpv6 && six !== undefined ? [`${six}/128`] : [])].join(', ')
  return [
    `# ${peer.name}: keep this file to yourself, it is the key to the VPN.`,
    '[Interface]',
    `PrivateKey = ${keys.privateKey}`,
    `Address = ${both(peer.address, peer.address6)}`,
    '',
    '[Peer]',
    `PublicKey = ${keys.routerKey}`,
    `Endpoint = ${endpointOf(vpn)}`,
    // Nothing but the server goes through the VPN; everything else stays where it is.
    `AllowedIPs = ${both(server.address, server.address6)}`,
    // Keeps the way back open through the routers in between.
    'PersistentKeepalive = 25',
    '',
  ].join('\n')
}

/** With the port of the router where none is written. */
export function endpointOf({ endpoint, port }: PerimeterWireguard): string {
  return /(?:\]|^[^:]+):\d+$/.test(endpoint) ? endpoint : `${endpoint}:${port}`
}
