import type { ReactNode } from 'react'
import type { UpdateState } from '../../../shared/state/desktop.ts'
import { useApi, useBridgeState } from '../../store/bridge-context.tsx'
import { useAction } from '../../store/use-action.ts'
import { Button } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { Facts } from '../../ui/facts.tsx'
import { Age } from '../../ui/measures.tsx'
import { Meter } from '../../ui/meter.tsx'
import { FailureNotice, Notice } from '../../ui/notice.tsx'
import { plain } from '../../ui/plain.ts'
import { SafeText } from '../../ui/safe-text.tsx'
import { words } from '../../words/words.ts'

export function UpdatesSection(): ReactNode {
  const version = useBridgeState((state) => state.version)
  const update = useBridgeState(({ desktop }) => (desktop.kind === 'none' ? undefined : desktop.update))
  const said = words.settings.updateSection
  return (
    <Card title={words.settings.updates}>
      <Facts facts={[{ name: said.version, value: <SafeText text={version} maxLength={60} /> }]} />
      <div className="stack" aria-live="polite">
        {update === undefined ? <p className="muted">{said.noDesktop}</p> : <Update update={update} />}
      </div>
    </Card>
  )
}

function Update({ update }: { readonly update: UpdateState }): ReactNode {
  const api = useApi()
  const check = useAction(() => api.checkForUpdate({}))
  const install = useAction(() => api.installUpdate({}))
  const said = words.settings.updateSection
  const error = check.error ?? install.error
  const checkButton = (
    <Button icon="retry" isBusy={check.isRunning} onClick={check.run}>
      {said.check}
    </Button>
  )
  const installButton = (label: string): ReactNode => (
    <Button look="primary" isBusy={install.isRunning} onClick={install.run}>
      {label}
    </Button>
  )
  return (
    <>
      <UpdateNotice update={update} check={checkButton} install={installButton} />
      {error !== undefined && <FailureNotice title={said.callFailed} failure={error} />}
    </>
  )
}

interface UpdateNoticeProps {
  readonly update: UpdateState
  readonly check: ReactNode
  readonly install: (label: string) => ReactNode
}

function UpdateNotice({ update, check, install }: UpdateNoticeProps): ReactNode {
  const said = words.settings.updateSection
  switch (update.kind) {
    case 'unsupported':
      return (
        <Notice tone="quiet" title={said.unsupported}>
          <SafeText text={update.reason} />
        </Notice>
      )
    case 'none':
      if (update.checkedAt === undefined)
        return <Notice tone="quiet" title={said.neverChecked} actions={check} />
      return (
        <Notice tone="good" title={said.checkedAt} actions={check}>
          <p>
            {said.checked}
            <Age at={update.checkedAt} />
          </p>
        </Notice>
      )
    case 'available':
      return (
        <Notice tone="ask" title={said.available(plain(update.version, 60))} actions={install(said.download)}>
          {said.availableHint}
        </Notice>
      )
    case 'downloading':
      return (
        <Notice tone="busy" title={said.downloading(plain(update.version, 60))}>
          <Progress share={update.share} />
        </Notice>
      )
    case 'ready':
      return (
        <Notice tone="good" title={said.ready(plain(update.version, 60))} actions={install(said.install)}>
          {said.readyHint}
        </Notice>
      )
    case 'failed':
      return (
        <Notice tone="bad" title={said.failed} actions={check}>
          <p>
            <SafeText text={update.reason} />
          </p>
          <p>
            {said.failedAt}
            <Age at={update.at} />
          </p>
        </Notice>
      )
    default:
      update satisfies never
      return null
  }
}

function Progress({ share }: { readonly share: number }): ReactNode {
  const text = share.toLocaleString(words.locale, { style: 'percent', maximumFractionDigits: 0 })
  return (
    <div className="stack">
      <Meter label={words.settings.updateSection.progress} share={share} tone="busy" text={text} />
      <span aria-hidden="true">{text}</span>
    </div>
  )
}
