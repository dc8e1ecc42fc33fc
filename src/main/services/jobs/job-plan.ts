import type { JobKind } from '../../../shared/state/job.ts'

/** What a step may do besides its work. */
export interface StepContext {
  /** Fires when the job is cancelled. */
  readonly signal: AbortSignal
  /** The last that was heard, for people. */
  tell(detail: string): void
  /** How much is done, from 0 to 1. */
  progress(share: number): void
  /** Says how to take back what was just done; called in reverse order when the job fails or is cancelled. */
  onUndo(undo: (signal: AbortSignal) => Promise<void>): void
}

/** What a step found, or why there was nothing to do. */
export type StepResult = string | undefined | { readonly skipped: string }

export interface PlannedStep {
  /** Stable within its kind of job, such as `connect`. */
  readonly id: string
  /** A sentence for people, without its full stop. */
  readonly title: string
  /** Rejects with an AppError; waits for nothing once the signal has fired. */
  run(context: StepContext): Promise<StepResult>
}

/** Long work, made of steps that are done one after the other. */
export interface JobPlan {
  readonly kind: JobKind
  readonly subject: string
  readonly steps: readonly PlannedStep[]
  /** Ends what the steps have opened, after the last one and after all that was to be undone. */
  close(): Promise<void>
}
