import type { BridgeApi, JobOrder } from '../../../shared/bridge-api/calls.ts'
import { AppError } from '../../../shared/errors/app-error.ts'
import type { BridgeCore } from '../../bridge/bridge-core.ts'
import type { JobPlan } from './job-plan.ts'
import { JobRun } from './job-run.ts'

export type JobCalls = Pick<BridgeApi, 'startJob' | 'cancelJob' | 'forgetJob'>

const MOST_RUNNING = 4
/** Older ones that are over make room. */
const MOST_KEPT = 20

/** The jobs that run, and those that nobody has put away yet; all of them are in the state. */
export class JobDesk implements JobCalls {
  private readonly core: BridgeCore
  private readonly plan: (order: JobOrder) => JobPlan
  private readonly runs: JobRun[] = []
  private isClosed = false

  constructor(core: BridgeCore, plan: (order: JobOrder) => JobPlan) {
    this.core = core
    this.plan = plan
  }

  startJob: JobCalls['startJob'] = async ({ order }) => {
    const { ambient, log } = this.core
    if (this.isClosed) throw new AppError('job.cancelled', 'The bridge is stopping.')
    const plan = this.plan(order)
    this.refuseTooMany(plan)
    const run = new JobRun({ plan, ambient, log, onChange: () => this.publish() })
    this.runs.push(run)
    this.dropOldest()
    this.publish()
    return { id: run.job.id }
  }

  cancelJob: JobCalls['cancelJob'] = async ({ id }) => this.find(id).cancel()

  forgetJob: JobCalls['forgetJob'] = async ({ id }) => {
    const run = this.find(id)
    if (!run.isOver)
      throw new AppError('api.invalid-arguments', 'This is still under way.', { remedy: 'Cancel it first.' })
    this.runs.splice(this.runs.indexOf(run), 1)
    this.publish()
  }

  /** Cancels what runs and waits until it is undone. Idempotent. */
  async close(): Promise<void> {
    this.isClosed = true
    for (const run of this.runs) run.cancel('The bridge stopped.')
    await Promise.all(this.runs.map(({ ended }) => ended))
  }

  private refuseTooMany({ kind, subject }: JobPlan): void {
    const running = this.runs.filter(({ isOver }) => !isOver)
    if (running.some(({ job }) => job.kind === kind && job.subject === subject))
      throw new AppError('job.running-already', `This is under way for ${subject} already.`)
    if (running.length >= MOST_RUNNING)
      throw new AppError('job.running-already', `${running.length} other jobs are under way.`)
  }

  private dropOldest(): void {
    while (this.runs.length > MOST_KEPT) {
      const oldest = this.runs.findIndex(({ isOver }) => isOver)
      if (oldest < 0) return
      this.runs.splice(oldest, 1)
    }
  }

  private find(id: string): JobRun {
    const run = this.runs.find(({ job }) => job.id === id)
    if (run !== undefined) return run
    throw new AppError('api.not-found', 'There is no such job any more.')
  }

  private publish(): void {
    this.core.update({ jobs: this.runs.map(({ job }) => job) })
  }
}
