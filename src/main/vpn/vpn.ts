import { join } from 'node:path'
import { type RunTool, ToolError, toolRunner } from '../../node/run-tool.ts'
import { AppError } from '../../shared/errors/app-error.ts'
import type { VpnDetails, VpnSystem } from '../../shared/state/vpn.ts'
import { macTunnels, windowsTunnels } from './apps.ts'
import { networkManager } from './network-manager.ts'
import { vpnDetails } from './vpn-details.ts'
import type { VpnTool } from './vpn-tool.ts'
import { systemdUnit, wgQuick } from './wg-quick.ts'

export interface VpnFacts {
  readonly isUp: boolean
  readonly system: VpnSystem
  readonly details: VpnDetails
}

/** The WireGuard tunnels of this computer, through whatever the system has for them. */
export interface Vpn {
  /** @throws AppError `vpn.no-tool`, `vpn.not-found`, `vpn.failed` */
  look(tunnel: string): Promise<VpnFacts>
  /** Resolves when it is so. @throws AppError `vpn.…` */
  set(tunnel: string, to: 'up' | 'down'): Promise<void>
}

interface VpnOptions {
  readonly platform: NodeJS.Platform
  readonly env: Readonly<Record<string, string | undefined>>
  readonly isRoot: boolean
  readonly run?: RunTool
}

export function createVpn({ env, isRoot, platform, run = toolRunner(env) }: VpnOptions): Vpn {
  const tools = toolsOf({ env, isRoot, platform, run })
  const wg =
    platform === 'win32' ? join(env.ProgramFiles ?? 'C:\\Program Files', 'WireGuard', 'wg.exe') : 'wg'
  return {
    look: async (tunnel) => {
      const { isUp, tool } = await find(tools, tunnel)
      const details: VpnDetails = isUp ? await vpnDetails(run, wg, tunnel) : { kind: 'hidden' }
      return { isUp, system: tool.system, details }
    },
    set: async (tunnel, to) => {
      const { isUp, tool } = await find(tools, tunnel)
      if (isUp === (to === 'up')) return
      await tool.set(tunnel, to).catch((error: unknown) => {
        throw explain(error, tunnel, to)
      })
    },
  }
}

function toolsOf({ env, isRoot, platform, run }: Required<VpnOptions>): readonly VpnTool[] {
  switch (platform) {
    case 'darwin':
      return [macTunnels(run), wgQuick(run, { isRoot, platform })]
    case 'win32':
      return [windowsTunnels(run, env)]
    default:
      return [networkManager(run), systemdUnit(run, { isRoot }), wgQuick(run, { isRoot, platform })]
  }
}

/** The first tool that has the tunnel up; else the first that has it at all. */
async function find(
  tools: readonly VpnTool[],
  tunnel: string,
): Promise<{ readonly tool: VpnTool; readonly isUp: boolean }> {
  let known: VpnTool | undefined
  let works = false
  for (const tool of tools) {
    // A tool that is not installed, or whose service does not run, has no tunnels.
    const isUp = await tool.isUp(tunnel).then(
      (answer) => {
        works = true
        return answer
      },
      (error: unknown) => {
        if (error instanceof ToolError) return undefined
        throw error
      },
    )
    if (isUp === true) return { tool, isUp }
    if (isUp === false) known ??= tool
  }
  if (known !== undefined) return { tool: known, isUp: false }
  const what = JSON.stringify(tunnel)
  throw works
    ? new AppError('vpn.not-found', `There is no WireGuard tunnel called ${what} on this computer.`)
    : new AppError(
        'vpn.no-tool',
        `WireGuard is not installed on this computer, so ${what} cannot be looked at.`,
      )
}

const NOT_ALLOWED =
  /not authorized|authentication (?:is )?required|access (?:is )?denied|permission denied|must be run as root|operation not permitted/i
const NOT_FOUND = /does not exist|no such|unknown connection|not found|cannot find/i

function explain(error: unknown, tunnel: string, to: 'up' | 'down'): unknown {
  if (!(error instanceof ToolError)) return error
  const code = NOT_ALLOWED.test(error.message)
    ? 'vpn.not-allowed'
    : NOT_FOUND.test(error.message)
      ? 'vpn.not-found'
      : 'vpn.failed'
  const message = `${JSON.stringify(tunnel)} could not be brought ${to}: ${error.message}.`
  return new AppError(code, message, { cause: error })
}
