import { setTimeout as delay } from 'node:timers/promises'
import { type AppError, toAppError } from '../../shared/errors/app-error.ts'
import type { ControlPlane, KillReport } from './control-plane.ts'

export interface KillRunOptions {
  readonly control: ControlPlane
  readonly owner: string
  readonly pollMs: number
  /** How long to wait for it to be seen stopped. */
  readonly limitMs: number
}

/** The last thing that was heard; `unanswered` when nothing was. */
export type KillOutcome = KillReport | { readonly kind: 'unanswered'; readonly cause: AppError | undefined }

/** Asks until the server is seen to be stopped, or others hold it, or the time is up. Never throws. */
export async function killUntilGone(options: KillRunOptions, signal: AbortSignal): Promise<KillOutcome> {
  const { control, owner, pollMs, limitMs } = options
  const either = AbortSignal.any([signal, AbortSignal.timeout(limitMs)])
  let outcome: KillOutcome = { kind: 'unanswered', cause: undefined }
  while (!either.aborted) {
    try {
      outcome = await control.kill(owner, either)
      if (outcome.kind !== 'stopping') return outcome
    } catch (error) {
      if (either.aborted) break
      const cause = toAppError(error)
      if (outcome.kind !== 'stopping') outcome = { kind: 'unanswered', cause }
      if (cause.recovery !== 'automatic') return outcome
    }
    // Ending the wait early is no failure: the loop looks.
    await delay(pollMs, undefined, { signal: either }).catch(() => undefined)
  }
  return outcome
}
