import type { Perimeter } from '../../file/schema.ts'
import { oneshotFirewall } from '../linux/units.ts'
import type { Rendering } from '../rendering.ts'
import { PF_DAEMON, PF_LABEL, pfLaunchDaemon } from './launch-daemon.ts'
import { SERVER_TABLE, serverNftables } from './nftables.ts'
import { PF_ANCHOR, PF_FILE, serverPf } from './pf.ts'

const NFT_FILE = '/etc/sovereign/server.nft'
const UNIT = 'sovereign-server-firewall.service'

/** The firewall of the model server itself, which is all that counts between two machines on one switch. */
export function renderServer(perimeter: Perimeter): Rendering {
  return perimeter.server.system === 'macos' ? renderMac(perimeter) : renderLinux(perimeter)
}

function renderMac(perimeter: Perimeter): Rendering {
  return {
    machine: 'server',
    files: [
      { path: PF_FILE, mode: 0o644, content: serverPf(perimeter), purpose: 'the rules of the server' },
      { path: PF_DAEMON, mode: 0o644, content: pfLaunchDaemon(), purpose: 'loads them at boot' },
    ],
    activate: [
      ['/sbin/pfctl', '-n', '-f', PF_FILE],
      ['sh', '-c', `launchctl bootout system/${PF_LABEL} 2>/dev/null || true`],
      ['launchctl', 'bootstrap', 'system', PF_DAEMON],
    ],
    deactivate: [
      ['launchctl', 'bootout', `system/${PF_LABEL}`],
      ['/sbin/pfctl', '-q', '-a', PF_ANCHOR, '-F', 'rules'],
    ],
    evidence: [['/sbin/pfctl', '-q', '-a', PF_ANCHOR, '-s', 'rules']],
  }
}

function renderLinux(perimeter: Perimeter): Rendering {
  return {
    machine: 'server',
    files: [
      { path: NFT_FILE, mode: 0o644, content: serverNftables(perimeter), purpose: 'the rules of the server' },
      {
        path: `/etc/systemd/system/${UNIT}`,
        mode: 0o644,
        content: oneshotFirewall('Firewall of the model server', NFT_FILE),
        purpose: 'loads them before the network comes up',
      },
    ],
    activate: [
      ['nft', '-c', '-f', NFT_FILE],
      ['systemctl', 'daemon-reload'],
      ['systemctl', 'enable', UNIT],
      ['systemctl', 'restart', UNIT],
    ],
    deactivate: [
      ['systemctl', 'disable', '--now', UNIT],
      ['nft', 'delete', 'table', 'inet', SERVER_TABLE],
    ],
    evidence: [['nft', '-s', 'list', 'table', 'inet', SERVER_TABLE]],
    settle: [['systemctl', 'daemon-reload']],
  }
}
