import type { ReactNode } from 'react'
import { PRELOAD_KEY } from '../../shared/bridge-api/preload-api.ts'
import { useBridge, useMirror } from '../store/bridge-context.tsx'
import { Button } from '../ui/button.tsx'
import { Until } from '../ui/measures.tsx'
import { FailureNotice, Notice } from '../ui/notice.tsx'
import { SafeText } from '../ui/safe-text.tsx'
import { words } from '../words/words.ts'

/** The page has lost the bridge: why, what that means for what is shown, and when it tries again. */
export function GoneNotice(): ReactNode {
  const { tryNow } = useBridge()
  const connection = useMirror((mirror) => mirror.connection)
  if (connection.phase !== 'gone') return null
  const { cause, nextTryAt } = connection
  const again = <Button onClick={tryNow}>{words.shell.tryNow}</Button>
  if (nextTryAt === undefined)
    return <FailureNotice title={words.shell.shutOut} failure={cause} actions={again} isUrgent />
  return (
    <Notice tone="bad" title={words.shell.gone} actions={again} isUrgent>
      <p>
        <SafeText text={cause.message} /> {words.shell.goneRemedy}
      </p>
      {window[PRELOAD_KEY] === undefined && <p>{words.shell.goneElsewhere}</p>}
      <p aria-hidden="true">
        {words.shell.nextTry}
        <Until at={nextTryAt} />
      </p>
    </Notice>
  )
}
