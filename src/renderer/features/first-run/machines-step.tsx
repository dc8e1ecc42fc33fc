import type { ReactNode } from 'react'
import { useBridgeState } from '../../store/bridge-context.tsx'
import { Button } from '../../ui/button.tsx'
import { SafeText } from '../../ui/safe-text.tsx'
import { State } from '../../ui/state.tsx'
import { words } from '../../words/words.ts'
import { NewMachine } from './new-machine.tsx'
import type { WizardHold } from './use-wizard.ts'
import { withoutMachine } from './wizard.ts'

/** The machines that use the relay, and the next one. */
export function MachinesStep({ wizard, change }: WizardHold): ReactNode {
  const clients = useBridgeState((state) => state.clients)
  return (
    <section className="stack" aria-labelledby="machines-title">
      {wizard.mode === 'first' && (
        <>
          <h2 id="machines-title" className="step-title">
            {words.firstRun.machinesTitle}
          </h2>
          <p className="muted">{words.firstRun.machinesText}</p>
        </>
      )}
      {clients.length > 0 && (
        <div className="stack">
          {wizard.mode === 'add' ? (
            <h2 className="list-title" id="machines-title">
              {words.firstRun.machinesAdded}
            </h2>
          ) : (
            <h3 className="list-title">{words.firstRun.machinesAdded}</h3>
          )}
          <ul className="machines">
            {clients.map(({ name, place, link }) => (
              <li key={name}>
                <span className="machine-name">
                  <SafeText text={name} maxLength={60} />
                </span>
                <span className="faint">
                  <SafeText text={place} maxLength={80} />
                </span>
                <State tone={TONES[link.phase]}>{words.firstRun.link[link.phase]}</State>
              </li>
            ))}
          </ul>
        </div>
      )}
      <NewMachine wizard={wizard} change={change} onAnother={() => change(withoutMachine(wizard))} />
      <div className="row">
        {wizard.mode === 'first' && (
          <Button onClick={() => change({ step: 'sign-in' })}>{words.firstRun.back}</Button>
        )}
        {(wizard.mode === 'first' || clients.length > 0) && (
          <Button
            look={wizard.machineAdded === undefined ? 'plain' : 'primary'}
            onClick={() => change({ step: 'done' })}
          >
            {clients.length === 0 ? words.firstRun.skip : words.firstRun.finish}
          </Button>
        )}
      </div>
    </section>
  )
}

const TONES = {
  idle: 'quiet',
  connecting: 'busy',
  connected: 'good',
  reconnecting: 'busy',
  failed: 'bad',
  closing: 'quiet',
} as const
