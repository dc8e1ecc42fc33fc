import type { ReactNode } from 'react'
import { isOver, type Job, type JobStep, type StepProgress } from '../../../shared/state/job.ts'
import { useApi } from '../../store/bridge-context.tsx'
import { useAction } from '../../store/use-action.ts'
import { Button } from '../../ui/button.tsx'
import { Icon, type IconName } from '../../ui/icon.tsx'
import { FailureNotice, Notice } from '../../ui/notice.tsx'
import { plain } from '../../ui/plain.ts'
import { SafeText } from '../../ui/safe-text.tsx'
import { Spinner } from '../../ui/spinner.tsx'
import type { Tone } from '../../ui/tone.ts'
import { words } from '../../words/words.ts'

/** Long work, step by step as it happens, with the way to stop it and how it ended. */
export function JobProgress({ job }: { readonly job: Job }): ReactNode {
  const { progress } = job
  const running = job.steps.find((step) => step.progress.phase === 'running')
  return (
    <div className="stack job">
      <ol className="job-steps" aria-label={words.firstRun.jobSteps}>
        {job.steps.map((step) => (
          <StepLine key={step.id} step={step} />
        ))}
      </ol>
      <p className="visually-hidden" role="status">
        {running !== undefined && words.firstRun.now(plain(running.title, 200))}
      </p>
      {!isOver(job) && <Stop job={job} />}
      {progress.phase === 'failed' && (
        <FailureNotice title={words.firstRun.failed[job.kind]} failure={progress.cause} isUrgent />
      )}
      {progress.phase === 'cancelled' && (
        <Notice tone="quiet" title={words.firstRun.cancelled} isUrgent>
          {words.firstRun.cancelledText}
        </Notice>
      )}
    </div>
  )
}

function Stop({ job }: { readonly job: Job }): ReactNode {
  const api = useApi()
  const cancelling = useAction(() => api.cancelJob({ id: job.id }))
  if (job.progress.phase === 'undoing') return <p className="muted">{words.firstRun.cancelling}</p>
  return (
    <div className="row">
      <Button size="s" onClick={cancelling.run} isBusy={cancelling.isRunning}>
        {words.firstRun.cancel}
      </Button>
      {cancelling.error !== undefined && (
        <FailureNotice title={words.firstRun.cancelFailed} failure={cancelling.error} isUrgent />
      )}
    </div>
  )
}

const LOOKS: Readonly<Record<StepProgress['phase'], { readonly tone: Tone; readonly icon: IconName }>> = {
  waiting: { tone: 'quiet', icon: 'dash' },
  running: { tone: 'busy', icon: 'busy' },
  done: { tone: 'good', icon: 'check' },
  failed: { tone: 'bad', icon: 'close' },
  skipped: { tone: 'quiet', icon: 'chevron' },
  undone: { tone: 'ask', icon: 'retry' },
}

function StepLine({ step: { title, progress } }: { readonly step: JobStep }): ReactNode {
  const { tone, icon } = LOOKS[progress.phase]
  const about = aboutStep(progress)
  return (
    <li className={`job-step tone-${tone} job-step-${progress.phase}`}>
      <span className="job-step-icon">
        {progress.phase === 'running' ? <Spinner /> : <Icon name={icon} />}
      </span>
      <div>
        <p>
          <SafeText text={title} maxLength={200} />{' '}
          <span className="job-step-phase">{words.firstRun.phase[progress.phase]}</span>
        </p>
        {about !== undefined && (
          <p className="faint">
            <SafeText text={about} maxLength={400} />
          </p>
        )}
        {progress.phase === 'running' && progress.share !== undefined && (
          <progress className="job-share" max={1} value={progress.share} aria-label={plain(title, 200)} />
        )}
      </div>
    </li>
  )
}

function aboutStep(progress: StepProgress): string | undefined {
  switch (progress.phase) {
    case 'running':
    case 'done':
      return progress.detail
    case 'skipped':
      return progress.reason
    case 'failed':
      return progress.cause.message
    default:
      return undefined
  }
}
