import type { ReactNode } from 'react'
import { useApi, useIsStale } from '../../store/bridge-context.tsx'
import { useAction } from '../../store/use-action.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { FailureNotice, Notice } from '../../ui/notice.tsx'
import { plain } from '../../ui/plain.ts'
import { SafeText } from '../../ui/safe-text.tsx'
import { words } from '../../words/words.ts'
import type { PortConflict } from './attention.ts'
import { firstFocus } from './first-focus.ts'

interface Props {
  readonly conflict: PortConflict
  readonly before: ReactNode
  readonly onLater: (conflict: PortConflict) => void
}

/** Another program has the port: who it is, a way around, and the way back once it is gone. */
export function PortPrompt({ conflict, before, onLater }: Props): ReactNode {
  return (
    <Dialog title={titleOf(conflict)} onClose={() => onLater(conflict)}>
      <div className="prompt-form">
        {before}
        <PortWords conflict={conflict} />
        <PortButtons conflict={conflict} isInDialog onLater={() => onLater(conflict)} />
      </div>
    </Dialog>
  )
}

/** The same in a page, where nothing has to be put off. */
export function PortNotice({ conflict }: { readonly conflict: PortConflict }): ReactNode {
  return (
    <Notice tone="ask" title={titleOf(conflict)}>
      <PortWords conflict={conflict} />
      <PortButtons conflict={conflict} />
    </Notice>
  )
}

function titleOf({ client }: PortConflict): string {
  return client === undefined ? words.prompts.portTitle : words.prompts.portTitleOn(plain(client, 80))
}

function PortWords({ conflict: { client, cause } }: { conflict: PortConflict }): ReactNode {
  return (
    <>
      <p className="holder">
        <SafeText text={cause.message} maxLength={600} />
      </p>
      <p className="muted">
        {client === undefined ? words.prompts.portAgent : words.prompts.portClient(plain(client, 80))}{' '}
        {words.prompts.portStop}
      </p>
    </>
  )
}

interface ButtonsProps {
  readonly conflict: PortConflict
  readonly isInDialog?: boolean
  readonly onLater?: () => void
}

function PortButtons({ conflict, isInDialog = false, onLater }: ButtonsProps): ReactNode {
  const { target, otherPort } = conflict
  const api = useApi()
  const isStale = useIsStale()
  // biome-ignore lint/correctness/useHookAtTopLevel: a call of the bridge, which is no hook
  const moving = useAction(() => api.useOtherPort({ target, port: otherPort }))
  const retrying = useAction(() => api.retryNow({ target }))
  const error = moving.error ?? retrying.error
  return (
    <>
      {error !== undefined && <FailureNotice title={words.prompts.portFailed} failure={error} isUrgent />}
      <div className="prompt-buttons">
        {onLater !== undefined && (
          <Button look="quiet" onClick={onLater}>
            {words.prompts.later}
          </Button>
        )}
        <Button onClick={retrying.run} isBusy={retrying.isRunning} isDisabled={isStale} icon="retry">
          {words.prompts.retry}
        </Button>
        <Button
          {...(isInDialog ? { ref: firstFocus } : {})}
          look="primary"
          onClick={moving.run}
          isBusy={moving.isRunning}
          isDisabled={isStale}
        >
          {words.prompts.usePort(otherPort)}
        </Button>
      </div>
    </>
  )
}
