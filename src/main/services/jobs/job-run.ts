import { randomUUID } from 'node:crypto'
import type { Ambient } from '../../../node/ambient.ts'
import { type Logger, redactText } from '../../../node/log.ts'
import { AppError, type Failure, toFailure } from '../../../shared/errors/app-error.ts'
import { isOver, type Job, type JobProgress, type StepProgress } from '../../../shared/state/job.ts'
import type { JobPlan, PlannedStep, StepContext } from './job-plan.ts'

/** A host that does not answer must not keep a cancelled job for ever. */
const UNDO_WITHIN_MS = 30_000
/** More than a screen shows; a program may print lines without end. */
const LONGEST_DETAIL = 500

interface Undo {
  readonly step: number
  readonly work: (signal: AbortSignal) => Promise<void>
}

export interface JobRunOptions {
  readonly plan: JobPlan
  readonly onChange: () => void
  readonly ambient: Ambient
  readonly log: Logger
}

/** One job from its first step to its end; begins at once. */
export class JobRun {
  /** Settles when nothing is under way any more; never rejects. */
  readonly ended: Promise<void>
  private readonly options: JobRunOptions
  private readonly stop = new AbortController()
  private readonly undos: Undo[] = []
  private current: Job

  constructor(options: JobRunOptions) {
    const { ambient, plan } = options
    this.options = options
    this.current = {
      id: randomUUID(),
      kind: plan.kind,
      subject: plan.subject,
      startedAt: ambient.now(),
      progress: { phase: 'running' },
      steps: plan.steps.map(({ id, title }) => ({ id, title, progress: { phase: 'waiting' } })),
    }
    // Whoever makes it has to have it before the first change is told.
    this.ended = Promise.resolve().then(() => this.run())
  }

  get job(): Job {
    return this.current
  }

  get isOver(): boolean {
    return isOver(this.current)
  }

  cancel(reason = 'It was cancelled.'): void {
    if (this.current.progress.phase === 'running') this.stop.abort(new AppError('job.cancelled', reason))
  }

  private async run(): Promise<void> {
    const { plan } = this.options
    let failure: Failure | undefined
    for (const [index, step] of plan.steps.entries()) {
      failure = await this.perform(step, index)
      if (failure !== undefined) break
    }
    const left = failure === undefined ? [] : await this.undoAll()
    await plan
      .close()
      .catch((error: unknown) => this.options.log.warn({ err: error }, 'A job left something open'))
    this.setProgress(this.outcome(failure, left))
  }

  /** @returns why the step failed. */
  private async perform(step: PlannedStep, index: number): Promise<Failure | undefined> {
    const { ambient, log } = this.options
    const { signal } = this.stop
    const since = ambient.now()
    const show = (change: { detail?: string; share?: number }): void => {
      const { progress } = this.current.steps[index] ?? {}
      if (progress?.phase === 'running') this.setStep(index, { ...progress, ...change })
    }
    const context: StepContext = {
      signal,
      tell: (detail) => show({ detail: presentable(detail) }),
      progress: (share) => show({ share }),
      onUndo: (work) => this.undos.push({ step: index, work }),
    }
    try {
      signal.throwIfAborted()
      this.setStep(index, { phase: 'running', since })
      const result = await step.run(context)
      signal.throwIfAborted()
      const at = ambient.now()
      if (typeof result === 'object')
        this.setStep(index, { phase: 'skipped', reason: presentable(result.skipped) })
      else
        this.setStep(index, {
          phase: 'done',
          at,
          ...(result === undefined ? {} : { detail: presentable(result) }),
        })
      return undefined
    } catch (error) {
      // Whatever a step says when it is stopped, the reason is that it was stopped.
      const cause = toFailure(signal.aborted ? signal.reason : error)
      if (cause.code === 'internal.bug') log.error({ err: error, step: step.id }, 'A step of a job failed')
      this.setStep(index, { phase: 'failed', at: ambient.now(), cause })
      return cause
    }
  }

  /** @returns what could not be undone, for people. */
  private async undoAll(): Promise<string[]> {
    const { ambient, log } = this.options
    this.setProgress({ phase: 'undoing' })
    const left: string[] = []
    for (const { step, work } of this.undos.reverse()) {
      const { title = '', progress } = this.current.steps[step] ?? {}
      try {
        await work(AbortSignal.timeout(UNDO_WITHIN_MS))
        if (progress?.phase === 'done') this.setStep(step, { phase: 'undone', at: ambient.now() })
      } catch (error) {
        log.warn({ err: error, title }, 'A step of a job could not be undone')
        left.push(`"${title}" could not be undone: ${toFailure(error).message}`)
      }
    }
    return left
  }

  private outcome(failure: Failure | undefined, left: readonly string[]): JobProgress {
    const at = this.options.ambient.now()
    if (failure === undefined) return { phase: 'done', at }
    if (failure.code === 'job.cancelled' && left.length === 0) return { phase: 'cancelled', at }
    return { phase: 'failed', at, cause: { ...failure, message: [failure.message, ...left].join(' ') } }
  }

  private setStep(index: number, progress: StepProgress): void {
    const steps = this.current.steps.map((step, at) => (at === index ? { ...step, progress } : step))
    this.current = { ...this.current, steps }
    this.options.onChange()
  }

  private setProgress(progress: JobProgress): void {
    this.current = { ...this.current, progress }
    this.options.onChange()
  }
}

/** One line without control characters and without what looks like a credential. */
function presentable(text: string): string {
  const line = redactText(text)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours of a terminal.
    .replace(/\u001b\[[\d;?]*[A-Za-z]/g, '')
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim()
  return line.length > LONGEST_DETAIL ? `${line.slice(0, LONGEST_DETAIL)}…` : line
}
