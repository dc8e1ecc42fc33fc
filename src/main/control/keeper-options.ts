import type { Ambient } from '../../node/ambient.ts'
import type { Logger } from '../../node/log.ts'
import type { ControlKind, RunningServer, TunnelState } from '../../shared/state/egress.ts'
import type { ControlPlane, ServerAddress } from './control-plane.ts'
import type { Probe } from './probe.ts'

/**
 *   asleep ──address()──▶ waking ──port open──▶ awake ──close()──▶ killing ──▶ asleep
 *      ▲                    │ failed: killing, then asleep or failed │
 *      └──── look() finds it gone ◀─────────────────────────────────┘
 */
export type KeeperState =
  | Extract<TunnelState, { readonly phase: 'asleep' | 'waking' | 'killing' | 'failed' }>
  | {
      readonly phase: 'awake'
      readonly since: number
      readonly address: ServerAddress
      readonly running: RunningServer | undefined
    }

export interface ServerKeeperOptions {
  readonly control: ControlPlane
  /** Whose claim to the server it is: letters, digits, `.`, `_`, `-`. */
  readonly owner: string
  readonly ambient: Ambient
  readonly log: Logger
  onState(state: KeeperState): void
  /** How long a request waits for a server that is being started. */
  readonly holdMs: number
  /** Small file in which the times that starting took are kept. */
  readonly historyFile?: string
  readonly probe?: Probe
  readonly times?: Partial<KeeperTimes>
}

export interface KeeperTimes {
  /** Between two questions how far the server is. */
  readonly pollMs: number
  /** A start that takes longer is given up, and what there is of it killed. */
  readonly startLimitMs: number
  /** Until a server whose start failed has to be seen stopped. */
  readonly killLimitMs: number
  /** Even where there is no time to drain, for the request to kill to be answered. */
  readonly killAtLeastMs: number
  /** How long it is taken to run after it was seen to. */
  readonly freshMs: number
  /** How long a failure that mends itself, and one that needs somebody, is answered without asking again. */
  readonly coolDownMs: { readonly automatic: number; readonly user: number; readonly never: number }
}

export const TIMES: Omit<KeeperTimes, 'pollMs'> = {
  startLimitMs: 300_000,
  killLimitMs: 120_000,
  killAtLeastMs: 5_000,
  freshMs: 2_000,
  coolDownMs: { automatic: 3_000, user: 15_000, never: 15_000 },
}
export const POLL_MS: Readonly<Record<ControlKind, number>> = {
  aws: 1_000,
  webhook: 1_000,
  'wake-on-lan': 500,
  process: 100,
}
