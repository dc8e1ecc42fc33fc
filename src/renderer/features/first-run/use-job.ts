import type { JobOrder } from '../../../shared/bridge-api/calls.ts'
import { isOver, type Job } from '../../../shared/state/job.ts'
import { useApi, useBridgeState } from '../../store/bridge-context.tsx'
import { type Action, useAction } from '../../store/use-action.ts'

export interface JobHold {
  /** Undefined before the first, and when the bridge has forgotten it. */
  readonly job: Job | undefined
  readonly isUnderWay: boolean
  readonly start: Action<[JobOrder]>
  /** Takes what is over out of the bridge's state; does nothing to what is under way. */
  readonly forget: () => void
}

/** One piece of long work after the other; `id` is kept by whoever can come back later. */
export function useJob(id: string | undefined, setId: (id: string | undefined) => void): JobHold {
  const api = useApi()
  const job = useBridgeState(({ jobs }) => jobs.find((one) => one.id === id))
  const forget = (): void => {
    // Nobody looks at it any more; if the bridge has forgotten it already, so much the better.
    if (job !== undefined && isOver(job)) api.forgetJob({ id: job.id }).catch(() => undefined)
    setId(undefined)
  }
  const start = useAction(async (order: JobOrder) => {
    forget()
    setId((await api.startJob({ order })).id)
  })
  return { job, isUnderWay: start.isRunning || (job !== undefined && !isOver(job)), start, forget }
}
