import type { Perimeter, PerimeterWireguard } from '../../file/schema.ts'
import { keyFile } from './paths.ts'

/** The VPN of the router for wg-quick(8). The private key comes from a file of its own. */
export function wgQuickConf(vpn: PerimeterWireguard, peers: Perimeter['peers']): string {
  const addresses = [vpn.address, vpn.address6].filter((address) => address !== undefined)
  return [
    '# Written by "sovereign perimeter": change the perimeter file instead and apply that.',
    '[Interface]',
    `Address = ${addresses.join(', ')}`,
    `ListenPort = ${vpn.port}`,
    `PostUp = wg set %i private-key ${keyFile(vpn.interface)}`,
    ...peers.flatMap((peer) => [
      '',
      `# ${peer.name}`,
      '[Peer]',
      `PublicKey = ${peer.publicKey}`,
      // Packets with any other source address are dropped, so no peer passes for another one.
      `AllowedIPs = ${allowedIps(peer, vpn)}`,
    ]),
    '',
  ].join('\n')
}

function allowedIps(peer: Perimeter['peers'][number], vpn: PerimeterWireguard): string {
  const v6 = peer.address6 === undefined || vpn.address6 === undefined ? [] : [`${peer.address6}/128`]
  return [`${peer.address}/32`, ...v6].join(', ')
}
