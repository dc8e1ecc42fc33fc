import type { Bridge } from '../../src/main/bridge/bridge.ts'
import type { JobOrder } from '../../src/shared/bridge-api/calls.ts'
import { isOver, type Job } from '../../src/shared/state/job.ts'

const DEADLINE_MS = 60_000

/** Starts a job and waits until it is over. */
export async function runJob(bridge: Bridge, order: JobOrder): Promise<Job> {
  const { id } = await bridge.api.startJob({ order })
  return jobWhen(bridge, id, isOver)
}

/** Resolves with the job as soon as it fits, the present state of it included. */
export function jobWhen(bridge: Bridge, id: string, fits: (job: Job) => boolean): Promise<Job> {
  return new Promise((resolve, reject) => {
    const look = (): boolean => {
      const job = bridge.state.jobs.find((candidate) => candidate.id === id)
      if (job === undefined || !fits(job)) return false
      resolve(job)
      return true
    }
    if (look()) return
    const timer = setTimeout(() => {
      unsubscribe()
      reject(new Error(`The job did not get there: ${JSON.stringify(bridge.state.jobs)}`))
    }, DEADLINE_MS)
    const unsubscribe = bridge.api.on('state', () => {
      if (!look()) return
      clearTimeout(timer)
      unsubscribe()
    })
  })
}

/** Each step as `id phase: words`, which is what a person sees of it. */
export function stepLines({ steps }: Job): string[] {
  return steps.map(({ id, progress }) => {
    const words =
      progress.phase === 'done' || progress.phase === 'running'
        ? progress.detail
        : progress.phase === 'failed'
          ? `${progress.cause.code} ${progress.cause.message}`
          : progress.phase === 'skipped'
            ? progress.reason
            : undefined
    return `${id} ${progress.phase}${words === undefined ? '' : `: ${words}`}`
  })
}
