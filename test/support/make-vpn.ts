import type { VpnState } from '../../src/shared/state/vpn.ts'
import { makeFailure } from './make-dashboard.ts'

/** The tunnel of a profile in every state it can have. */
export function makeVpns(now: number) {
  const up = {
    kind: 'up',
    tunnel: 'home',
    system: 'networkmanager',
    at: now - 4000,
    details: { kind: 'known', endpoint: '203.0.113.20:51820', handshakeAt: now - 41_000 },
    verified: { version: 1, at: now - 3 * 3_600_000, from: 'vpn', right: 38, wrong: 0, unknown: 6 },
  } as const
  return {
    up,
    silent: { ...up, details: { ...up.details, handshakeAt: now - 20 * 60_000 } },
    hidden: { ...up, system: 'macos', details: { kind: 'hidden' } },
    down: { ...up, kind: 'down', details: { kind: 'hidden' } },
    changing: { kind: 'changing', tunnel: 'home', to: 'up', since: now - 1000 },
    failing: {
      kind: 'failing',
      tunnel: 'home',
      at: now - 4000,
      cause: makeFailure('vpn.not-found', 'There is no WireGuard tunnel called "home" on this computer.'),
    },
  } satisfies Record<string, VpnState>
}
