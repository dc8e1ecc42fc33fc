import type { ReactNode } from 'react'
import type { BridgeState } from '../../../shared/state/bridge-state.ts'
import { useApi, useBridge, useBridgeState } from '../../store/bridge-context.tsx'
import { useAction } from '../../store/use-action.ts'
import { Button } from '../../ui/button.tsx'
import { Input } from '../../ui/field.tsx'
import { FailureNotice, Notice } from '../../ui/notice.tsx'
import { plain } from '../../ui/plain.ts'
import { words } from '../../words/words.ts'
import { changeSettings, withClient } from './change-settings.ts'
import { HostPicker } from './host-picker.tsx'
import { isTunnelSettled } from './is-tunnel-settled.ts'
import { JobProgress } from './job-progress.tsx'
import { PortField } from './port-field.tsx'
import { useJob } from './use-job.ts'
import type { WizardHold } from './use-wizard.ts'
import { whenState } from './when-state.ts'
import { isName, nameFor, portOf, type Wizard } from './wizard.ts'

/** The set-up looks at the tunnel first; it says itself what is wrong when that is not up by then. */
const TUNNEL_WITHIN_MS = 20_000

interface Props extends WizardHold {
  readonly onAnother: () => void
}

/** One machine: tested, written into the settings, set up and tried with a real request. */
export function NewMachine({ wizard, change, onAnother }: Props): ReactNode {
  const { machineHost, machinePort, machineAdded } = wizard
  const bridge = useBridge()
  const api = useApi()
  const names = useBridgeState((state) => state.clients)
  const work = useJob(wizard.machineJob, (id) => change({ machineJob: id }))
  const { job, start, forget } = work
  const ssh = machineHost.trim()
  const name = nameOf(wizard)
  const port = portOf(machinePort)
  const listen = `127.0.0.1:${port}`
  const adding = useAction(async (doesSetUp: boolean) => {
    await changeSettings(api, (settings) => withClient(settings, { name, ssh, listen, enabled: true }))
    await api.connect({})
    if (doesSetUp) await whenState(bridge, (state) => isSettled(state, name), TUNNEL_WITHIN_MS)
    forget()
    change({ machineAdded: name, machineJob: undefined })
    if (doesSetUp) start.run({ kind: 'set-up-client', name })
  })
  const mistake = nameMistake(name, !adding.isRunning && names.some((one) => one.name === name))
  const isReady = ssh !== '' && port !== undefined && name !== '' && mistake === undefined
  const isUnderWay = work.isUnderWay || adding.isRunning

  if (machineAdded !== undefined) return <Added name={machineAdded} work={work} onAnother={onAnother} />
  return (
    <section className="new-machine" aria-label={words.firstRun.newMachine}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault()
          if (isReady && !isUnderWay) start.run({ kind: 'test-client', ssh, listen })
        }}
      >
        <HostPicker
          value={machineHost}
          onChange={(host) => {
            forget()
            change({ machineHost: host, machineJob: undefined })
          }}
          isDisabled={isUnderWay}
        />
        <div className="two-fields">
          <Input
            label={words.firstRun.name}
            hint={words.firstRun.nameHint}
            error={mistake}
            value={name}
            maxLength={100}
            isDisabled={isUnderWay}
            onChange={(machineName) => change({ machineName })}
          />
          <PortField
            label={words.firstRun.listenPort}
            hint={words.firstRun.listenPortHint}
            value={machinePort}
            onChange={(text) => {
              forget()
              change({ machinePort: text, machineJob: undefined })
            }}
            isDisabled={isUnderWay}
          />
        </div>
        <div className="row">
          <Button
            type="submit"
            look={job === undefined ? 'primary' : 'plain'}
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
      {job?.progress.phase === 'done' && (
        <Notice
          tone="good"
          title={words.firstRun.testPassed}
          isUrgent
          actions={
            <>
              <Button
                look="primary"
                onClick={() => adding.run(true)}
                isBusy={adding.isRunning}
                isDisabled={!isReady}
              >
                {adding.isRunning ? words.firstRun.adding : words.firstRun.add}
              </Button>
              <Button onClick={() => adding.run(false)} isDisabled={!isReady || adding.isRunning}>
                {words.firstRun.addOnly}
              </Button>
            </>
          }
        >
          {words.firstRun.testPassedText}
        </Notice>
      )}
      {adding.error !== undefined && (
        <FailureNotice title={words.firstRun.saveFailed} failure={adding.error} isUrgent />
      )}
    </section>
  )
}

interface AddedProps {
  readonly name: string
  readonly work: ReturnType<typeof useJob>
  readonly onAnother: () => void
}

/** It is in the settings now; whether its AI clients are set up is another matter. */
function Added({ name, work: { job, isUnderWay, start, forget }, onAnother }: AddedProps): ReactNode {
  const shown = plain(name, 80)
  const another = (
    <Button
      icon="plus"
      onClick={() => {
        forget()
        start.dismiss()
        onAnother()
      }}
    >
      {words.firstRun.another}
    </Button>
  )
  const again = (
    <Button icon="retry" onClick={() => start.run({ kind: 'set-up-client', name })}>
      {words.firstRun.setUpAgain}
    </Button>
  )
  const hasFailed = job?.progress.phase === 'failed' || job?.progress.phase === 'cancelled'
  return (
    <section className="new-machine" aria-label={shown}>
      {job !== undefined && <JobProgress job={job} />}
      {start.error !== undefined && (
        <FailureNotice
          title={words.firstRun.setUpFailed}
          failure={start.error}
          isUrgent
          actions={
            <>
              {again}
              {another}
            </>
          }
        />
      )}
      {job?.progress.phase === 'done' && (
        <Notice tone="good" title={words.firstRun.added(shown)} isUrgent actions={another}>
          {words.firstRun.addedText}
        </Notice>
      )}
      {hasFailed && (
        <Notice
          tone="ask"
          title={words.firstRun.setUpFailed}
          actions={
            <>
              {again}
              {another}
            </>
          }
        />
      )}
      {job === undefined && !isUnderWay && start.error === undefined && (
        <Notice
          tone="good"
          title={words.firstRun.addedOnly(shown)}
          isUrgent
          actions={
            <>
              {again}
              {another}
            </>
          }
        >
          {words.firstRun.addedOnlyText}
        </Notice>
      )}
    </section>
  )
}

/** Until somebody types another one, the name follows the host. */
function nameOf({ machineName, machineHost }: Wizard): string {
  return machineName === '' ? nameFor(machineHost) : machineName
}

function nameMistake(name: string, isTaken: boolean): string | undefined {
  if (name !== '' && !isName(name)) return words.firstRun.nameWrong
  return isTaken ? words.firstRun.nameTaken : undefined
}

/** Also when it never will be up, which the set-up says in its own words. */
function isSettled({ clients }: BridgeState, name: string): boolean {
  const client = clients.find((one) => one.name === name)
  return client !== undefined && isTunnelSettled(client)
}
