import type { ReactNode } from 'react'
import { useApi, useBridgeState, useIsStale } from '../../store/bridge-context.tsx'
import { useAction } from '../../store/use-action.ts'
import { Button } from '../../ui/button.tsx'
import { FailureNotice, Notice } from '../../ui/notice.tsx'
import { words } from '../../words/words.ts'

const { dashboard } = words

/** Where the desktop shows no tray icons the window is the only face, so that one quits here as well. */
export function NoTrayNotice(): ReactNode {
  const api = useApi()
  const isStale = useIsStale()
  const isMissing = useBridgeState(({ desktop }) => desktop.kind === 'desktop' && !desktop.hasTray)
  const isConnected = useBridgeState(({ wanted }) => wanted === 'connected')
  const { run, isRunning, error } = useAction(() => api.quit({}))
  if (!isMissing) return null
  const { title, hint, quit, disconnectAndQuit } = dashboard.noTray
  const button = (
    <Button isDisabled={isStale} isBusy={isRunning} onClick={run}>
      {isConnected ? disconnectAndQuit : quit}
    </Button>
  )
  return (
    <>
      <Notice tone="quiet" title={title} actions={button}>
        <p>{hint}</p>
      </Notice>
      {error !== undefined && <FailureNotice title={dashboard.actionFailed} failure={error} isUrgent />}
    </>
  )
}
