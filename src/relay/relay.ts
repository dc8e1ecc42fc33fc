import type { OfferedOllama, Relay, RelayOptions } from './relay-contract.ts'
import { startRunningRelay } from './server/running-relay.ts'

export type { OfferedOllama, Relay, RelayOptions }

/**
 * The single public entry of the relay: `sovereign relay` and the bridge's embedded relay start it here.
 *
 * @throws AppError when it cannot start: invalid configuration, a taken port, another relay in the data folder.
 */
export async function startRelay(options: RelayOptions): Promise<Relay> {
  return await startRunningRelay(options)
}
