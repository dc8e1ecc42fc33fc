import { type ReactNode, useEffect, useRef } from 'react'
import { isSignedIn } from '../../../shared/state/part-health.ts'
import { useApi, useBridgeState } from '../../store/bridge-context.tsx'
import { useAction } from '../../store/use-action.ts'
import { Button } from '../../ui/button.tsx'
import { ButtonLink } from '../../ui/button-link.tsx'
import { Icon } from '../../ui/icon.tsx'
import { FailureNotice, Notice } from '../../ui/notice.tsx'
import { hashOf } from '../../ui/use-hash.ts'
import { words } from '../../words/words.ts'
import { readText } from '../settings/read-text.ts'
import { SignInPanel } from '../sign-in/sign-in-panel.tsx'
import { DoneStep } from './done-step.tsx'
import './first-run.css'
import { doneSteps } from './done-steps.ts'
import { MachinesStep } from './machines-step.tsx'
import { RelayStep } from './relay-step.tsx'
import { useWizard, type WizardHold } from './use-wizard.ts'
import { newWizard, STEPS, type Step, type Wizard, withoutMachine } from './wizard.ts'

/** From nothing to a machine that uses the relay; later, one more machine. */
export function FirstRunView(): ReactNode {
  const api = useApi()
  const { wizard, set, change } = useWizard()
  const reading = useAction(async () => {
    const file = await api.getSettingsFile({})
    if (readText(file.text) === undefined) return
    set(newWizard(file.existed ? 'add' : 'first'))
  })
  const { run } = reading
  const isUnknown = wizard === undefined
  useEffect(() => {
    if (isUnknown) run()
  }, [isUnknown, run])
  if (wizard === undefined)
    return <Unknown isRunning={reading.isRunning} error={reading.error} onAgain={reading.run} />
  return <Steps wizard={wizard} change={change} onEnd={() => set(undefined)} />
}

interface UnknownProps {
  readonly isRunning: boolean
  readonly error: Parameters<typeof FailureNotice>[0]['failure'] | undefined
  readonly onAgain: () => void
}

function Unknown({ isRunning, error, onAgain }: UnknownProps): ReactNode {
  const again = <Button onClick={onAgain}>{words.firstRun.tryAgain}</Button>
  if (error !== undefined)
    return <FailureNotice title={words.firstRun.readFailed} failure={error} actions={again} isUrgent />
  if (isRunning) return <Notice tone="busy" title={words.firstRun.reading} />
  return (
    <Notice
      tone="bad"
      title={words.firstRun.broken}
      isUrgent
      actions={
        <>
          <ButtonLink href={hashOf('settings')}>{words.firstRun.toSettings}</ButtonLink>
          {again}
        </>
      }
    >
      {words.firstRun.brokenText}
    </Notice>
  )
}

interface StepsProps extends WizardHold {
  readonly onEnd: () => void
}

function Steps({ wizard, change, onEnd }: StepsProps): ReactNode {
  const { mode, step } = wizard
  const frame = useRef<HTMLDivElement>(null)
  useFocusOnStep(frame, `${step} ${wizard.way}`)
  const isFirst = mode === 'first'
  const { title, lead } = useHeading(wizard)
  return (
    <div className="first-run">
      <header className="first-run-head">
        <h1>{title}</h1>
        {step !== 'done' && (
          <ButtonLink
            href={hashOf('')}
            look="quiet"
            onClick={() => (isFirst ? change({ isLeft: true }) : onEnd())}
          >
            {words.firstRun.later}
          </ButtonLink>
        )}
        <p className="muted">{lead}</p>
      </header>
      {isFirst && <StepBar wizard={wizard} onChoose={(chosen) => change({ step: chosen, way: 'choose' })} />}
      <div ref={frame} tabIndex={-1} className="first-run-step">
        {step === 'relay' && <RelayStep wizard={wizard} change={change} />}
        {step === 'sign-in' && <SignInStep change={change} />}
        {step === 'machines' && <MachinesStep wizard={wizard} change={change} />}
        {step === 'done' && (
          <DoneStep onMore={() => change({ ...withoutMachine(wizard), step: 'machines' })} onLeave={onEnd} />
        )}
      </div>
      {step !== 'done' && isFirst && <p className="faint">{words.firstRun.laterHint}</p>}
    </div>
  )
}

function useHeading({ mode, step }: Wizard): { readonly title: string; readonly lead: string } {
  const hasMachines = useBridgeState(({ clients }) => clients.length > 0)
  const hasSignIn = useBridgeState(isSignedIn)
  const say = words.firstRun
  const doneTitle = hasSignIn ? say.doneTitle : say.doneSignedOut
  if (step === 'done') return { title: hasMachines ? doneTitle : say.doneNoMachines, lead: say.doneText }
  if (mode === 'add') return { title: say.addTitle, lead: say.addLead }
  return { title: say.title, lead: say.lead }
}

function useFocusOnStep(frame: { readonly current: HTMLElement | null }, place: string): void {
  const previous = useRef(place)
  useEffect(() => {
    if (previous.current === place) return
    previous.current = place
    frame.current?.focus({ preventScroll: true })
    window.scrollTo(0, 0)
  }, [frame, place])
}

function StepBar({ wizard, onChoose }: { wizard: Wizard; onChoose: (step: Step) => void }): ReactNode {
  const here = STEPS.indexOf(wizard.step)
  const done = useBridgeState(doneSteps)
  return (
    <nav aria-label={words.firstRun.steps}>
      <ol className="step-bar">
        {STEPS.map((step, index) => {
          const isPast = index < here
          const isDone = isPast && done.includes(step)
          return (
            <li key={step} className={classOf(index - here, isDone)}>
              <button
                type="button"
                className="step"
                disabled={!isPast}
                aria-current={index === here ? 'step' : undefined}
                onClick={() => onChoose(step)}
              >
                <span className="step-mark" aria-hidden="true">
                  {isDone ? <Icon name="check" /> : index + 1}
                </span>
                <span className="step-name">
                  {words.firstRun.step[step]}
                  {isPast && (
                    <span className="visually-hidden">
                      {' '}
                      ({isDone ? words.firstRun.stepDone : words.firstRun.stepSkipped})
                    </span>
                  )}
                </span>
              </button>
            </li>
          )
        })}
      </ol>
    </nav>
  )
}

function classOf(distance: number, isDone: boolean): string {
  if (distance === 0) return 'step-here'
  if (distance > 0) return 'step-ahead'
  return isDone ? 'step-past' : 'step-past step-skipped'
}

function SignInStep({ change }: Pick<WizardHold, 'change'>): ReactNode {
  return (
    <section className="stack" aria-labelledby="sign-in-title">
      <h2 id="sign-in-title" className="step-title">
        {words.firstRun.signInTitle}
      </h2>
      <p className="muted">{words.firstRun.signInText}</p>
      <SignInPanel />
      <div className="row">
        <Button onClick={() => change({ step: 'relay' })}>{words.firstRun.back}</Button>
        <Button look="primary" onClick={() => change({ step: 'machines' })}>
          {words.firstRun.goOn}
        </Button>
      </div>
    </section>
  )
}
