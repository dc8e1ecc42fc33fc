import type { Perimeter } from '../../file/schema.ts'
import { vpnOf } from '../../policy/layout.ts'
import type { RenderedFile, Rendering } from '../rendering.ts'
import { countOurs, uciBatch, uciRevert } from './batch.ts'
import { preflightScript } from './preflight.ts'
import { OURS } from './section.ts'

const FOLDER = '/etc/sovereign'
const CONFIGS = 'network firewall dhcp'

/** All that a router with OpenWrt 23.05 or later needs: firewall4, and opkg or apk. */
export function renderOpenWrt(perimeter: Perimeter): Rendering {
  const vpn = vpnOf(perimeter)
  return {
    machine: 'router',
    files: [
      file('preflight.sh', preflightScript(perimeter), 'looks whether the router is as expected', 0o700),
      file('router.uci', uciBatch(perimeter), 'the perimeter, for "uci batch"', 0o600),
      file('revert.uci', uciRevert(perimeter), 'takes it back, for "uci batch"', 0o600),
      {
        path: '/lib/upgrade/keep.d/sovereign',
        mode: 0o644,
        content: `${FOLDER}/\n`,
        purpose: 'keeps these files and the key through an upgrade',
      },
    ],
    activate: [
      ['sh', `${FOLDER}/preflight.sh`],
      ...(vpn === undefined
        ? []
        : [
            ['sh', '-c', INSTALL],
            ['sh', '-c', makeKey(keyFile(vpn.interface))],
          ]),
      ['sh', '-c', purge(vpn?.interface)],
      ['uci', '-q', '-f', `${FOLDER}/router.uci`, 'batch'],
      ...(vpn === undefined ? [] : [['sh', '-c', putKey(vpn.interface)]]),
      ['sh', '-c', checkCount(countOurs(perimeter))],
      ...CONFIGS.split(' ').map((config) => ['uci', 'commit', config]),
      ...reload(vpn?.interface),
    ],
    touches: CONFIGS.split(' ').map((config) => `/etc/config/${config}`),
    deactivate: [
      ['uci', '-q', '-f', `${FOLDER}/revert.uci`, 'batch'],
      ...CONFIGS.split(' ').map((config) => ['uci', 'commit', config]),
    ],
    // What was staged and not committed when something went wrong would count with the next commit of anybody.
    settle: [
      ...CONFIGS.split(' ').map((config) => ['uci', '-q', 'revert', config]),
      ...reload(vpn?.interface),
    ],
    evidence: [
      ['nft', '-s', 'list', 'table', 'inet', 'fw4'],
      ...(vpn === undefined ? [] : [['sh', '-c', `wg show ${vpn.interface} allowed-ips`]]),
    ],
  }
}

/** Made on the router and never read by anybody but its root. */
export function keyFile(device: string): string {
  return `${FOLDER}/${device}.key`
}

const PACKAGES = 'wireguard-tools kmod-wireguard luci-proto-wireguard'

/** 24.10 and before have opkg, later ones apk. */
const INSTALL =
  'command -v wg >/dev/null && exit 0; ' +
  `if command -v apk >/dev/null; then apk update && apk add ${PACKAGES}; ` +
  `else opkg update && opkg install ${PACKAGES}; fi`

function makeKey(path: string): string {
  return `umask 077; test -s ${path} || wg genkey > ${path}`
}

/** Whatever an earlier perimeter left, by its name: only what is rendered is to be there. */
function purge(vpn: string | undefined): string {
  const find = `uci -q show $c | sed -n "s/^\\($c\\.${OURS}[a-z0-9_]*\\)=.*/delete \\1/p"`
  const own = vpn === undefined ? '' : ` uci -q delete network.${vpn};`
  return `for c in ${CONFIGS}; do ${find} | uci -q batch; done;${own} true`
}

/** "printf" is part of the shell: the key stands in no list of processes. */
function putKey(vpn: string): string {
  return `printf "set network.${vpn}.private_key='%s'\\n" "$(cat ${keyFile(vpn)})" | uci batch`
}

function checkCount(count: number): string {
  const found = `$(for c in ${CONFIGS}; do uci -q show $c; done | grep -c '^[a-z]*\\.${OURS}[a-z0-9_]*=')`
  const undo = CONFIGS.split(' ')
    .map((config) => `uci -q revert ${config}`)
    .join('; ')
  return `[ "${found}" = ${count} ] || { echo "sovereign: uci did not take every section" >&2; ${undo}; exit 1; }`
}

/** A reload of the network looks at interfaces and not at the peers of one, so that one is brought up anew. */
function reload(vpn: string | undefined): string[][] {
  return [
    ['/etc/init.d/network', 'reload'],
    ...(vpn === undefined ? [] : [['ifup', vpn]]),
    ['/etc/init.d/dnsmasq', 'restart'],
    ['/etc/init.d/firewall', 'reload'],
  ]
}

function file(name: string, content: string, purpose: string, mode: number): RenderedFile {
  return { path: `${FOLDER}/${name}`, mode, content, purpose }
}
