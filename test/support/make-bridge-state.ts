import { type BridgeState, type ClientState, NO_TRAFFIC } from '../../src/shared/state/bridge-state.ts'

/** 21 November 2026, noon UTC: the clock of {@link fakeAmbient}. */
export const NOON = Date.parse('2026-11-21T12:00:00.000Z')

/** A bridge with an embedded relay that was just started and asked for nothing. */
export function makeBridgeState(change: Partial<BridgeState> = {}): BridgeState {
  return {
    revision: 1,
    version: '0.1.0',
    profile: 'default',
    wanted: 'connected',
    startedAt: NOON,
    relay: {
      kind: 'embedded',
      place: 'embedded',
      link: { phase: 'connected', since: NOON, roundTripMs: undefined },
      health: { kind: 'unknown' },
    },
    clients: [],
    egress: { use: 'direct', tunnel: { phase: 'off' } },
    agent: { phase: 'listening', address: '127.0.0.1:8080', since: NOON },
    prompts: [],
    ollama: { kind: 'off' },
    vpn: { kind: 'off' },
    jobs: [],
    desktop: { kind: 'none' },
    secrets: { kind: 'kept', by: 'keychain', where: 'in the keyring of this desktop (Secret Service)' },
    logs: { level: 'warn', by: 'settings', file: undefined },
    ...change,
  }
}

/** A client VM that works. */
export function makeClientState(change: Partial<ClientState> = {}): ClientState {
  return {
    name: 'builder',
    place: 'builder',
    enabled: true,
    link: { phase: 'connected', since: NOON, roundTripMs: 12 },
    listen: { kind: 'tcp', host: '127.0.0.1', port: 8080 },
    listener: { phase: 'listening', address: '127.0.0.1:8080', since: NOON },
    path: { kind: 'proven', at: NOON, roundTripMs: 31 },
    traffic: NO_TRAFFIC,
    ...change,
  }
}
