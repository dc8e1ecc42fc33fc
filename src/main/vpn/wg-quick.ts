import { access } from 'node:fs/promises'
import type { RunTool } from '../../node/run-tool.ts'
import { AppError } from '../../shared/errors/app-error.ts'
import type { VpnTool } from './vpn-tool.ts'

interface Surroundings {
  readonly platform: NodeJS.Platform
  readonly isRoot: boolean
}

/** The unit of wireguard-tools for a tunnel in /etc/wireguard, started by systemd, which asks the user for the right. */
export function systemdUnit(run: RunTool, { isRoot }: Pick<Surroundings, 'isRoot'>): VpnTool {
  const unitOf = (tunnel: string) => `wg-quick@${tunnel}.service`
  return {
    system: 'systemd',
    isUp: async (tunnel) => {
      const text = await run('systemctl', ['show', unitOf(tunnel), '--property=LoadState,ActiveState'])
      const has = (line: string) => text.split('\n').includes(line)
      if (!has('LoadState=loaded')) return undefined
      // The unit is loaded for any name. To root, wg-quick itself says more of what is wrong.
      return has('ActiveState=active') || (isRoot ? undefined : false)
    },
    set: async (tunnel, to) => {
      await run('systemctl', [to === 'up' ? 'start' : 'stop', unitOf(tunnel)])
    },
  }
}

/** wg-quick itself, which needs root: https://www.man7.org/linux/man-pages/man8/wg-quick.8.html */
export function wgQuick(run: RunTool, { isRoot, platform }: Surroundings): VpnTool {
  const isUp = (tunnel: string): Promise<boolean> =>
    platform === 'linux'
      ? // It runs `ip`, which tells everybody.
        run('ip', ['link', 'show', 'dev', tunnel]).then(
          () => true,
          () => false,
        )
      : access(`/var/run/wireguard/${tunnel}.name`).then(
          () => true,
          () => false,
        )
  return {
    system: 'wg-quick',
    isUp: async (tunnel) => {
      await run('wg', ['--version'])
      return isUp(tunnel)
    },
    set: async (tunnel, to) => {
      if (!isRoot)
        throw new AppError('vpn.not-allowed', `"wg-quick ${to} ${tunnel}" needs root.`, {
          remedy: `Type "sudo wg-quick ${to} ${tunnel}" in a terminal, or import the tunnel into ${
            platform === 'darwin' ? 'the WireGuard app' : 'NetworkManager'
          }.`,
        })
      await run('wg-quick', [to, tunnel])
    },
  }
}
