import type { Perimeter } from '../../file/schema.ts'
import { serverDevice } from '../../policy/layout.ts'
import { FIREWALL_UNIT, FORWARDING_FILE, keyFile, NFT_FILE } from './paths.ts'

/** Packets are forwarded only once the policy stands, so a router whose policy does not load is a wall and no door. */
export function firewallUnit(): string {
  return oneshotFirewall('Firewall of the Sovereign perimeter', NFT_FILE, [
    `ExecStart=/usr/sbin/sysctl -q -p ${FORWARDING_FILE}`,
  ])
}

/**
 * Loads a policy before any interface comes up, and again whenever nftables.service starts or reloads, which empties
 * the whole rule set.
 */
export function oneshotFirewall(description: string, nftFile: string, then: readonly string[] = []): string {
  return unit({
    Unit: [
      `Description=${description}`,
      'DefaultDependencies=no',
      'Wants=network-pre.target',
      'After=local-fs.target systemd-modules-load.service nftables.service',
      'Before=network-pre.target shutdown.target',
      'Conflicts=shutdown.target',
      'PartOf=nftables.service',
      'ReloadPropagatedFrom=nftables.service',
    ],
    Service: [
      'Type=oneshot',
      'RemainAfterExit=yes',
      `ExecStart=/usr/sbin/nft -f ${nftFile}`,
      ...then,
      `ExecReload=/usr/sbin/nft -f ${nftFile}`,
    ],
    Install: ['WantedBy=sysinit.target'],
  })
}

/** What the kernel has to be told to be a router at all. */
export function forwardingConf(perimeter: Perimeter): string {
  const hasIpv6 = perimeter.router.lan.address6 !== undefined
  return ['net.ipv4.ip_forward = 1', ...(hasIpv6 ? ['net.ipv6.conf.all.forwarding = 1'] : []), ''].join('\n')
}

/** The network of the server on the wire of the LAN, whatever else configures that wire. */
export function vlanUnit(perimeter: Perimeter): string | undefined {
  const { isolation } = perimeter.server
  if (isolation.kind !== 'vlan') return undefined
  const device = serverDevice(perimeter)
  const lan = perimeter.router.lan.device
  const ip = (command: string) => `/usr/sbin/ip ${command}`
  return unit({
    Unit: [
      'Description=Network of the model server',
      `Requires=${FIREWALL_UNIT}`,
      `After=${FIREWALL_UNIT} network-pre.target`,
      'Before=network-online.target',
      `BindsTo=${deviceUnit(lan)}`,
      `After=${deviceUnit(lan)}`,
    ],
    Service: [
      'Type=oneshot',
      'RemainAfterExit=yes',
      `ExecStart=-${ip(`link add link ${lan} name ${device} type vlan id ${isolation.id}`)}`,
      `ExecStart=${ip(`address replace ${isolation.address} dev ${device}`)}`,
      ...(isolation.address6 === undefined
        ? []
        : [`ExecStart=${ip(`address replace ${isolation.address6} dev ${device} nodad`)}`]),
      `ExecStart=${ip(`link set ${device} up`)}`,
      `ExecStop=${ip(`link delete ${device}`)}`,
    ],
    Install: ['WantedBy=multi-user.target'],
  })
}

/** Nobody gets in by the VPN before the policy stands; a reload forgets the key, so it is given again. */
export function wireguardDropIn(device: string): string {
  return unit({
    Unit: [`Requires=${FIREWALL_UNIT}`, `After=${FIREWALL_UNIT}`],
    Service: [`ExecReload=/usr/bin/wg set %i private-key ${keyFile(device)}`],
  })
}

/** systemd.unit(5): what is no letter, digit, `:`, `_` or `.` is written as its number, `/` as a dash. */
function deviceUnit(device: string): string {
  const escaped = device.replaceAll('-', '\\x2d')
  return `sys-subsystem-net-devices-${escaped}.device`
}

function unit(sections: Readonly<Record<string, readonly string[]>>): string {
  return Object.entries(sections)
    .map(([name, lines]) => `[${name}]\n${lines.join('\n')}\n`)
    .join('\n')
}
