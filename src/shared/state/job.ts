import type { Failure } from '../errors/app-error.ts'

/** Long work that a face started, such as installing a relay on a host. Times are ms since the Unix epoch. */
export interface Job {
  readonly id: string
  readonly kind: JobKind
  /** What it is about, for people: the host's alias or the client's name. */
  readonly subject: string
  readonly startedAt: number
  readonly progress: JobProgress
  /** All steps from the start, also those that are still to come. */
  readonly steps: readonly JobStep[]
}

export const JOB_KINDS = ['test-relay', 'install-relay', 'test-client', 'set-up-client'] as const
export type JobKind = (typeof JOB_KINDS)[number]

/**
 *   running ──last step done──▶ done
 *      ├──a step failed──▶ undoing ──▶ failed
 *      └──cancelJob──▶ undoing ──▶ cancelled
 */
export type JobProgress =
  | { readonly phase: 'running' }
  | { readonly phase: 'undoing' }
  | { readonly phase: 'done'; readonly at: number }
  | { readonly phase: 'failed'; readonly at: number; readonly cause: Failure }
  | { readonly phase: 'cancelled'; readonly at: number }

export interface JobStep {
  /** Stable within its kind of job, such as `connect` or `copy-bundle`. */
  readonly id: string
  /** A sentence for people: "Copy the relay to pi". */
  readonly title: string
  readonly progress: StepProgress
}

export type StepProgress =
  | { readonly phase: 'waiting' }
  /** `share` is of 1; `detail` is the last that was heard, such as a line of output. */
  | { readonly phase: 'running'; readonly since: number; readonly share?: number; readonly detail?: string }
  /** `detail` says what was found: "OpenSSH 9.2, Node 24.21". */
  | { readonly phase: 'done'; readonly at: number; readonly detail?: string }
  | { readonly phase: 'failed'; readonly at: number; readonly cause: Failure }
  | { readonly phase: 'skipped'; readonly reason: string }
  /** Done at first and taken back, because a later step failed or the job was cancelled. */
  | { readonly phase: 'undone'; readonly at: number }

export function isOver({ progress }: Job): boolean {
  return progress.phase === 'done' || progress.phase === 'failed' || progress.phase === 'cancelled'
}
