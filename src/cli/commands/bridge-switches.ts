import { Argument, Command } from 'commander'
import { type BridgeOptions, withBridge, withBridgeOptions } from '../bridge-connection.ts'

/** Parts of the running bridge that a person switches without touching the rest. */
export function bridgeSwitches(): Command[] {
  return [vpnCommand(), tunnelCommand()]
}

function vpnCommand(): Command {
  return withBridgeOptions(new Command('vpn'))
    .addArgument(new Argument('<to>').choices(['up', 'down']))
    .description('bring the WireGuard tunnel of the profile up or down')
    .action((to: 'up' | 'down', options: BridgeOptions) =>
      withBridge(options, async (bridge) => {
        await bridge.setVpn({ to })
        const { vpn } = await bridge.getState({})
        process.stdout.write(`The VPN${vpn.kind === 'off' ? '' : ` ${vpn.tunnel}`} is ${to}.\n`)
      }),
    )
}

function tunnelCommand(): Command {
  return withBridgeOptions(new Command('tunnel'))
    .addArgument(new Argument('<what>').choices(['wake', 'sleep']))
    .description('wake the server of the mTLS tunnel, or let it sleep until the next request')
    .action((what: 'wake' | 'sleep', options: BridgeOptions) =>
      withBridge(options, async (bridge) => {
        await bridge.setTunnelAwake({ awake: what === 'wake' })
        process.stdout.write(
          what === 'wake' ? 'The tunnel server is up.\n' : 'The tunnel server is let go of.\n',
        )
      }),
    )
}
