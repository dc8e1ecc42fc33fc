import type { Perimeter } from '../../file/schema.ts'
import { serverDevice } from '../../policy/layout.ts'
import { FIREWALL_UNIT, FORWARDING_FILE, keyFile, NFT_FILE } from './paths.ts'

/**
 * Packets are forwarded only while the policy stands, so a router whose policy does not load is a wall and no door, and
 * so is one whose nftables.service starts anew, which ends this unit before it empties the rule set.
 */
export function firewallUnit(perimeter: Perimeter): string {
  const forward = `/usr/sbin/sysctl -q -p ${FORWARDING_FILE}`
  const off = forwarded(perimeter).map((name) => `${name}=0`)
  return oneshotFirewall('Firewall of the Sovereign perimeter', NFT_FILE, {
    start: forward,
    stop: `/usr/sbin/sysctl -q -w ${off.join(' ')}`,
  })
}

/**
 * Loads a policy before any interface comes up, and again whenever nftables.service starts or reloads, which empties
 * the whole rule set.
 */
export function oneshotFirewall(
  description: string,
  nftFile: string,
  then?: { readonly start: string; readonly stop: string },
): string {
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
      ...['ExecStart', 'ExecReload'].flatMap((verb) => [
        `${verb}=/usr/sbin/nft -f ${nftFile}`,
        ...(then === undefined ? [] : [`${verb}=${then.start}`]),
      ]),
      ...(then === undefined ? [] : [`ExecStop=-${then.stop}`]),
    ],
    Install: ['WantedBy=sysinit.target'],
  })
}

/** What the kernel has to be told to be a router at all. */
export function forwardingConf(perimeter: Perimeter): string {
  return forwarded(perimeter)
    .map((name) => `${name} = 1\n`)
    .join('')
}

function forwarded({ router }: Perimeter): string[] {
  return [
    'net.ipv4.ip_forward',
    ...(router.lan.address6 === undefined ? [] : ['net.ipv6.conf.all.forwarding']),
  ]
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

/**
 * Nobody gets in by the VPN before the policy stands. A reload as wg-quick(8) has it would take the key away for a
 * moment, which ends every session; this one names it, in no list of processes.
 */
export function wireguardDropIn(device: string): string {
  // Twice the dollar: systemd would look for a variable of its own.
  const reload =
    `peers=$$(wg-quick strip %i); { echo "[Interface]"; echo "PrivateKey = $$(cat ${keyFile(device)})"; ` +
    'echo "$$peers"; } | wg syncconf %i /dev/stdin'
  return unit({
    Unit: [`Requires=${FIREWALL_UNIT}`, `After=${FIREWALL_UNIT}`],
    Service: ['ExecReload=', `ExecReload=/bin/sh -ec '${reload}'`],
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
