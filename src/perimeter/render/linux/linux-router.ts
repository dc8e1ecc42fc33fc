import type { Perimeter } from '../../file/schema.ts'
import { vpnOf } from '../../policy/layout.ts'
import type { RenderedFile, Rendering } from '../rendering.ts'
import { DNSMASQ_FILE, dnsmasqConf } from './dnsmasq.ts'
import { ROUTER_TABLE, routerNftables } from './nftables.ts'
import { FIREWALL_UNIT, FORWARDING_FILE, keyFile, NFT_FILE, unitPath, VLAN_UNIT } from './paths.ts'
import { firewallUnit, forwardingConf, vlanUnit, wireguardDropIn } from './units.ts'
import { wgQuickConf } from './wg-quick.ts'

/** All that a router with Linux, systemd, nftables and wg-quick needs. */
export function renderLinuxRouter(perimeter: Perimeter): Rendering {
  const vpn = vpnOf(perimeter)
  const vlan = vlanUnit(perimeter)
  const dnsmasq = dnsmasqConf(perimeter)
  const files = [
    file(NFT_FILE, routerNftables(perimeter), 'the policy'),
    file(FORWARDING_FILE, forwardingConf(perimeter), 'makes the machine a router once the policy stands'),
    file(unitPath(FIREWALL_UNIT), firewallUnit(perimeter), 'loads the policy before the network comes up'),
    ...(vlan === undefined ? [] : [file(unitPath(VLAN_UNIT), vlan, 'the network of the server')]),
    ...(dnsmasq === undefined ? [] : [file(DNSMASQ_FILE, dnsmasq, 'the fixed address of the server')]),
    ...(vpn === undefined
      ? []
      : [
          file(confFile(vpn.interface), wgQuickConf(vpn, perimeter.peers), 'the VPN', 0o600),
          file(
            `/etc/systemd/system/wg-quick@${vpn.interface}.service.d/sovereign.conf`,
            wireguardDropIn(vpn.interface),
            'keeps the VPN down until the policy stands',
          ),
        ]),
  ]
  return {
    machine: 'router',
    files,
    activate: activation(perimeter, vpn?.interface),
    deactivate: deactivation(perimeter, vpn?.interface),
    evidence: [
      ...['inet', 'bridge'].map((family) => ['nft', '-s', 'list', 'table', family, ROUTER_TABLE]),
      ['sysctl', 'net.ipv4.ip_forward', 'net.ipv6.conf.all.forwarding'],
      ...(vpn === undefined
        ? []
        : ['public-key', 'listen-port', 'allowed-ips'].map((what) => ['wg', 'show', vpn.interface, what])),
    ],
    settle: [
      ['systemctl', 'daemon-reload'],
      ['sh', '-c', RESTART_DNSMASQ],
    ],
  }
}

function activation(perimeter: Perimeter, vpn: string | undefined): string[][] {
  const start = (name: string, how = ['systemctl', 'restart', name]) => [['systemctl', 'enable', name], how]
  return [
    // Before anything changes: a file that this kernel does not understand ends it here.
    ['nft', '-c', '-f', NFT_FILE],
    ...(vpn === undefined ? [] : [['sh', '-c', makeKey(keyFile(vpn))]]),
    ['systemctl', 'daemon-reload'],
    // Starting it anew would take along what requires it, which is the VPN.
    ...start(FIREWALL_UNIT, ['systemctl', 'reload-or-restart', FIREWALL_UNIT]),
    ...(perimeter.server.isolation.kind === 'vlan' ? start(VLAN_UNIT) : []),
    ...(perimeter.server.mac === undefined ? [] : [['sh', '-c', RESTART_DNSMASQ]]),
    ...(vpn === undefined ? [] : start(`wg-quick@${vpn}.service`, ['sh', '-c', refreshVpn(vpn)])),
  ]
}

/** Peers come and go with nobody else losing a session; only what the interface itself is needs a new start. */
function refreshVpn(vpn: string): string {
  const [unit, past] = [`wg-quick@${vpn}.service`, `/run/sovereign-${vpn}`]
  return [
    'set -e',
    // The peers come after the first empty line.
    `now=$(sed -n '/^$/q;p' ${confFile(vpn)})`,
    `if systemctl is-active -q ${unit} && [ "$(cat ${past} 2>/dev/null)" = "$now" ]; then verb=reload; else verb=restart; fi`,
    `systemctl $verb ${unit}`,
    `echo "$now" > ${past}`,
  ].join('; ')
}

const RESTART_DNSMASQ =
  'if systemctl is-active -q dnsmasq.service; then systemctl restart dnsmasq.service; fi'

/** The VPN first: nobody is to come in by it once the policy is gone. */
function deactivation(perimeter: Perimeter, vpn: string | undefined): string[][] {
  const end = (name: string) => ['systemctl', 'disable', '--now', name]
  return [
    ...(vpn === undefined ? [] : [end(`wg-quick@${vpn}.service`)]),
    ...(perimeter.server.isolation.kind === 'vlan' ? [end(VLAN_UNIT)] : []),
    end(FIREWALL_UNIT),
    ...['inet', 'bridge'].map((family) => ['nft', 'delete', 'table', family, ROUTER_TABLE]),
  ]
}

function confFile(vpn: string): string {
  return `/etc/wireguard/${vpn}.conf`
}

function makeKey(path: string): string {
  return `umask 077; test -s ${path} || wg genkey > ${path}`
}

function file(path: string, content: string, purpose: string, mode = 0o644): RenderedFile {
  return { path, mode, content, purpose }
}
