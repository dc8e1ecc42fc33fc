import type { TunnelState } from '../../src/shared/state/egress.ts'
import { makeFailure } from './make-dashboard.ts'

/** A tunnel in each of its phases. `now` is the clock of the page. */
export function makeTunnels(now: number): {
  readonly [Phase in TunnelState['phase']]: Extract<TunnelState, { phase: Phase }>
} {
  const since = now - 12_000
  const server = '203.0.113.7:8443'
  return {
    off: { phase: 'off' },
    asleep: { phase: 'asleep', since: now - 15 * 60_000, control: 'aws' },
    waking: { phase: 'waking', since, stage: 'provisioning', typicalMs: 48_000, held: 3 },
    connecting: { phase: 'connecting', since, server },
    connected: {
      phase: 'connected',
      since: now - 38 * 60_000,
      server,
      protocol: 'h2',
      roundTripMs: 38,
      running: {
        since: now - 39 * 60_000,
        costUsd: 0.0081,
        costSource:
          'estimate: list price of AWS Fargate in us-east-1, 0.25 vCPU, 0.5 GB, with its IPv4 address',
        stopsAt: now + 14 * 60_000,
      },
    },
    reconnecting: {
      phase: 'reconnecting',
      since,
      attempt: 3,
      nextTryAt: now + 9000,
      cause: makeFailure('tunnel.down', `${server} does not answer; nothing came back for 5 s.`),
    },
    draining: { phase: 'draining', since },
    killing: { phase: 'killing', since },
    failed: {
      phase: 'failed',
      since,
      cause: makeFailure('tunnel.rejected', `${server} does not accept the certificate of "laptop".`),
    },
  }
}
