import type { VpnSystem } from '../../shared/state/vpn.ts'

/**
 * What one system brings WireGuard tunnels up with. No private key is asked for or comes along in any answer.
 */
export interface VpnTool {
  readonly system: VpnSystem
  /** @returns whether the tunnel is up; undefined where this tool has none of the name. @throws ToolError */
  isUp(tunnel: string): Promise<boolean | undefined>
  /** Resolves when the tool is done. @throws ToolError, AppError `vpn.…` */
  set(tunnel: string, to: 'up' | 'down'): Promise<void>
}
