import type { ReactNode } from 'react'
import { Button } from '../../ui/button.tsx'
import { Icon, type IconName } from '../../ui/icon.tsx'
import { FailureNotice } from '../../ui/notice.tsx'
import { words } from '../../words/words.ts'
import { SshRelay } from './ssh-relay.tsx'
import { UrlRelay } from './url-relay.tsx'
import { useSaveRelay } from './use-save-relay.ts'
import type { WizardHold } from './use-wizard.ts'

/** Where the relay is: one of three ways, each of which takes a minute. */
export function RelayStep(hold: WizardHold): ReactNode {
  const { wizard } = hold
  if (wizard.way === 'ssh') return <SshRelay {...hold} />
  if (wizard.way === 'url') return <UrlRelay {...hold} />
  return <ThreeWays {...hold} />
}

function ThreeWays({ change }: WizardHold): ReactNode {
  const saving = useSaveRelay(() => change({ step: 'sign-in' }))
  return (
    <section className="stack" aria-labelledby="relay-where">
      <h2 id="relay-where" className="step-title">
        {words.firstRun.where}
      </h2>
      <p className="muted">{words.firstRun.whereText}</p>
      <div className="ways">
        <Way icon="laptop" title={words.firstRun.embedded} text={words.firstRun.embeddedText}>
          <Button look="primary" onClick={() => saving.run({ embedded: true })} isBusy={saving.isRunning}>
            {words.firstRun.useEmbedded}
          </Button>
        </Way>
        <Way icon="server" title={words.firstRun.ssh} text={words.firstRun.sshText}>
          <Button onClick={() => change({ way: 'ssh' })}>{words.firstRun.chooseSsh}</Button>
        </Way>
        <Way icon="cloud" title={words.firstRun.url} text={words.firstRun.urlText}>
          <Button onClick={() => change({ way: 'url' })}>{words.firstRun.chooseUrl}</Button>
        </Way>
      </div>
      {saving.error !== undefined && (
        <FailureNotice title={words.firstRun.saveFailed} failure={saving.error} isUrgent />
      )}
    </section>
  )
}

interface WayProps {
  readonly icon: IconName
  readonly title: string
  readonly text: string
  readonly children: ReactNode
}

function Way({ icon, title, text, children }: WayProps): ReactNode {
  return (
    <section className="way">
      <span className="way-icon">
        <Icon name={icon} />
      </span>
      <h3>{title}</h3>
      <p className="muted">{text}</p>
      <div className="row">{children}</div>
    </section>
  )
}
