import type { Command } from 'commander'
import { connectBridge } from '../main/api/api-client.ts'
import type { BridgeConnection } from '../shared/bridge-api/connect-api.ts'

export interface BridgeOptions {
  readonly infoFile?: string
}

/** Adds the option by which a command finds the running bridge. */
export function withBridgeOptions(command: Command): Command {
  return command.option('--info-file <file>', 'bridge.json of the bridge, when it is not the usual one')
}

/** Attaches to the running bridge for as long as the action takes. */
export async function withBridge<T>(
  options: BridgeOptions,
  action: (bridge: BridgeConnection) => Promise<T>,
): Promise<T> {
  const bridge = await connectBridge(options)
  try {
    return await action(bridge)
  } finally {
    bridge.close()
  }
}
