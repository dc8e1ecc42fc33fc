import type { AppError } from '../../shared/errors/app-error.ts'
import type { ErrorCode } from '../../shared/errors/codes.ts'
import { awayDelayMs, type BackoffPolicy, backoffDelayMs } from '../../shared/util/backoff.ts'

/**
 * The host took no connection, so nothing there was started, and no sshd counts it: MaxStartups and
 * PerSourcePenalties (sshd_config(5)) begin after that.
 */
const COSTS_NOTHING: ReadonlySet<ErrorCode> = new Set(['ssh.connection-refused', 'ssh.unreachable'])

/** How long to wait before the next attempt, in one series of failures after another. */
export class ReconnectPauses {
  private readonly policy: BackoffPolicy
  /** Of the present series, on the monotonic clock. */
  private awaySinceMs: number | undefined
  private failedLogins = 0

  constructor(policy: BackoffPolicy) {
    this.policy = policy
  }

  nextMs({ code }: AppError, { nowMs, random }: { nowMs: number; random: number }): number {
    this.awaySinceMs ??= nowMs
    if (COSTS_NOTHING.has(code)) return awayDelayMs(this.policy, nowMs - this.awaySinceMs, random)
    this.failedLogins += 1
    return backoffDelayMs(this.policy, this.failedLogins, random)
  }

  /** A connection has proven itself. */
  startAnew(): void {
    this.awaySinceMs = undefined
    this.failedLogins = 0
  }

  /** The host may be back any moment, whatever the past looked like; what sshd counts stays counted. */
  expectBack(): void {
    this.awaySinceMs = undefined
  }
}
