import { join } from 'node:path'
import type { RunTool } from '../../node/run-tool.ts'
import { ToolError } from '../../node/run-tool.ts'
import type { VpnTool } from './vpn-tool.ts'

/** Tunnels of the WireGuard app are VPN services of macOS: `man scutil`, "--nc". */
export function macTunnels(run: RunTool): VpnTool {
  return {
    system: 'macos',
    isUp: async (tunnel) => {
      const lines = (await run('scutil', ['--nc', 'list'])).split('\n')
      const line = lines.find(
        (text) => text.includes('com.wireguard.macos') && text.includes(` "${tunnel}" `),
      )
      return line === undefined ? undefined : line.includes('(Connected)')
    },
    set: async (tunnel, to) => {
      await run('scutil', ['--nc', to === 'up' ? 'start' : 'stop', tunnel])
    },
  }
}

/** https://git.zx2c4.com/wireguard-windows/about/docs/enterprise.md: a tunnel that is up is a service of its own. */
export function windowsTunnels(run: RunTool, env: Readonly<Record<string, string | undefined>>): VpnTool {
  const folder = join(env.ProgramFiles ?? 'C:\\Program Files', 'WireGuard')
  const wireguard = join(folder, 'wireguard.exe')
  const sc = join(env.SystemRoot ?? 'C:\\Windows', 'System32', 'sc.exe')
  return {
    system: 'windows',
    isUp: async (tunnel) => {
      const text = await run(sc, ['query', `WireGuardTunnel$${tunnel}`]).catch((error: unknown) => {
        if (error instanceof ToolError && !error.isMissing) return undefined
        throw error
      })
      // Only administrators may look whether there is a configuration; what is up is one in any case.
      if (text === undefined)
        return (await run(join(folder, 'wg.exe'), ['--version'])) === '' ? undefined : false
      return /STATE\s*:\s*4\b/.test(text)
    },
    set: async (tunnel, to) => {
      const file = join(folder, 'Data', 'Configurations', `${tunnel}.conf.dpapi`)
      await run(
        wireguard,
        to === 'up' ? ['/installtunnelservice', file] : ['/uninstalltunnelservice', tunnel],
      )
    },
  }
}
