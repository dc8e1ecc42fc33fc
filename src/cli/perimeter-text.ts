import type { Perimeter, PerimeterPeer, RevokedPeer } from '../perimeter/file/schema.ts'
import { commandLine } from '../perimeter/render/command-line.ts'
import type { Rendering } from '../perimeter/render/rendering.ts'
import { textTable } from './text-table.ts'

/** What was read, in the words of the owner; an overlooked default shows here. */
export function checkedText(path: string, perimeter: Perimeter): string {
  const { options, peers, router, server, wireguard } = perimeter
  const isolation = {
    vlan: 'in a network of its own',
    port: 'behind an isolated port',
    host: 'among the machines of the LAN, kept apart by its own firewall alone',
  }[server.isolation.kind]
  const vpn =
    options.lanOnly || wireguard === undefined
      ? 'No VPN: every machine of the LAN reaches the server.'
      : `VPN at ${wireguard.endpoint}, UDP port ${wireguard.port}, ${peers.length} ${peers.length === 1 ? 'peer' : 'peers'}.`
  return [
    `${path} is all right.`,
    `Router: ${router.system}, LAN ${router.lan.address}.`,
    `Server: ${server.system}, ${server.address} port ${server.port}, ${isolation}${options.airGapped ? ', kept from the internet' : ''}.`,
    vpn,
    managedText(perimeter),
    ...(wireguard !== undefined && /(?:^|\.)example\.\w+(?::|$)/.test(wireguard.endpoint)
      ? [`Still to do: ${wireguard.endpoint} is only an example; put where clients find your router.`]
      : []),
  ].join('\n')
}

/** Who gets at SSH of the server once its firewall stands; nobody at all is mostly an oversight. */
function managedText({ admins, options, server, wireguard }: Perimeter): string {
  const hasPeers = options.sshFromVpn && !options.lanOnly && wireguard !== undefined
  const who = [
    ...(admins.length > 0 && options.adminPorts.length > 0
      ? [`${admins.join(', ')} (TCP ${options.adminPorts.join(', ')})`]
      : []),
    ...(hasPeers ? ['peers of the VPN (TCP 22)'] : []),
  ]
  if (who.length > 0) return `The server is managed by ${who.join(' and ')}.`
  const way = server.isolation.kind === 'port' ? '"sshFromVpn"' : '"admins" or "sshFromVpn"'
  return `Nobody manages the server over the network: see ${way}.`
}

/** Files with their place and rights, and the commands that follow. */
export function renderingText({ activate, files, machine }: Rendering): string {
  const parts = files.map(
    ({ content, mode, path, purpose }) =>
      `#### ${machine}: ${path} (${mode.toString(8).padStart(4, '0')}): ${purpose}\n${content}`,
  )
  const commands = activate.map(commandLine).join('\n')
  return `${parts.join('\n')}\n#### ${machine}: then, as root\n${commands}\n`
}

export function writtenText(paths: readonly string[]): string {
  return paths.map((path) => `Wrote ${path}`).join('\n')
}

/** Public keys only: the private ones are nowhere but with their owners. */
export function peersText(peers: readonly PerimeterPeer[], revoked: readonly RevokedPeer[]): string {
  const rows = [...peers.map((peer) => ({ ...peer, at: '' })), ...revoked]
  if (rows.length === 0) return 'There are no peers yet.'
  return textTable(
    [
      { title: 'NAME', text: ({ name }) => name },
      { title: 'ADDRESS', text: ({ address, address6 }) => [address, address6].filter(Boolean).join(', ') },
      { title: 'PUBLIC KEY', text: ({ publicKey }) => publicKey },
      { title: 'REVOKED', text: ({ at }) => at },
    ],
    rows,
  )
}
