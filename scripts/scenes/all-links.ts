import type { BridgeState } from '../../src/shared/state/bridge-state.ts'
import type { LinkState } from '../../src/shared/state/link.ts'

/** Every connection like this, and nothing that goes through it. */
export function allLinks({ clients, relay }: BridgeState, link: LinkState): Partial<BridgeState> {
  return {
    relay: { ...relay, link, health: { kind: 'unknown' } },
    clients: clients.map((client) => ({
      ...client,
      link: client.enabled ? link : client.link,
      listener: { phase: 'off' },
      path: { kind: 'unproven' },
    })),
  }
}
