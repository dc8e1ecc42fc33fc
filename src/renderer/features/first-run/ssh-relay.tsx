import type { ReactNode } from 'react'
import type { Job } from '../../../shared/state/job.ts'
import { Button } from '../../ui/button.tsx'
import { FailureNotice, Notice } from '../../ui/notice.tsx'
import { plain } from '../../ui/plain.ts'
import { words } from '../../words/words.ts'
import { HostPicker } from './host-picker.tsx'
import { JobProgress } from './job-progress.tsx'
import { PortField } from './port-field.tsx'
import { useJob } from './use-job.ts'
import { useSaveRelay } from './use-save-relay.ts'
import type { WizardHold } from './use-wizard.ts'
import { portOf } from './wizard.ts'

/** The relay on a host that is reached over SSH: found there, or installed there. */
export function SshRelay({ wizard, change }: WizardHold): ReactNode {
  const { relayHost, relayPort, relayJob } = wizard
  const { job, isUnderWay, start, forget } = useJob(relayJob, (id) => change({ relayJob: id }))
  const ssh = relayHost.trim()
  const port = portOf(relayPort)
  const saving = useSaveRelay(() => {
    forget()
    change({ step: 'sign-in', way: 'choose', relayJob: undefined })
  })
  const isReady = ssh !== '' && port !== undefined
  const finding = job === undefined ? undefined : findingOf(job)
  /** What was found out is about what was typed then. */
  const type = (part: Parameters<typeof change>[0]): void => {
    forget()
    change({ ...part, relayJob: undefined })
  }
  const run = (kind: 'test-relay' | 'install-relay'): void => {
    if (isReady) start.run({ kind, ssh, port })
  }
  return (
    <section className="stack" aria-labelledby="relay-ssh">
      <h2 id="relay-ssh" className="step-title">
        {words.firstRun.sshTitle}
      </h2>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault()
          if (!isUnderWay) run('test-relay')
        }}
      >
        <HostPicker
          value={relayHost}
          onChange={(host) => type({ relayHost: host })}
          isDisabled={isUnderWay}
        />
        <PortField
          label={words.firstRun.relayPort}
          hint={words.firstRun.relayPortHint}
          value={relayPort}
          onChange={(text) => type({ relayPort: text })}
          isDisabled={isUnderWay}
        />
        <div className="row">
          <Button onClick={() => change({ way: 'choose' })} isDisabled={isUnderWay}>
            {words.firstRun.back}
          </Button>
          <Button
            type="submit"
            look={finding === undefined ? 'primary' : 'plain'}
            isDisabled={!isReady || isUnderWay}
          >
            {job === undefined ? words.firstRun.test : words.firstRun.testAgain}
          </Button>
        </div>
      </form>
      {start.error !== undefined && (
        <FailureNotice title={words.firstRun.startFailed} failure={start.error} isUrgent />
      )}
      {job !== undefined && <JobProgress job={job} />}
      {finding === 'there' && port !== undefined && (
        <Notice
          tone="good"
          title={job?.kind === 'install-relay' ? words.firstRun.installed : words.firstRun.relayFound}
          isUrgent
          actions={
            <Button look="primary" onClick={() => saving.run({ ssh, port })} isBusy={saving.isRunning}>
              {words.firstRun.useRelay}
            </Button>
          }
        >
          {words.firstRun.relayFoundText}
        </Notice>
      )}
      {finding === 'missing' && (
        <Notice
          tone="ask"
          title={words.firstRun.noRelay}
          isUrgent
          actions={
            <Button look="primary" onClick={() => run('install-relay')} isBusy={start.isRunning}>
              {words.firstRun.install}
            </Button>
          }
        >
          {words.firstRun.noRelayText(plain(ssh, 80))}
        </Notice>
      )}
      {saving.error !== undefined && (
        <FailureNotice title={words.firstRun.saveFailed} failure={saving.error} isUrgent />
      )}
    </section>
  )
}

/** Undefined while it is under way or went wrong; a failed installation leaves a host that works without a relay. */
export function findingOf({ kind, progress, steps }: Job): 'there' | 'missing' | undefined {
  if (kind === 'install-relay') {
    if (progress.phase === 'done') return 'there'
    return progress.phase === 'failed' || progress.phase === 'cancelled' ? 'missing' : undefined
  }
  if (kind !== 'test-relay' || progress.phase !== 'done') return undefined
  return steps.find(({ id }) => id === 'find-relay')?.progress.phase === 'skipped' ? 'missing' : 'there'
}
