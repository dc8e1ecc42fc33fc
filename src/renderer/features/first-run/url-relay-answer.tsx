import { type ReactNode, useEffect, useState } from 'react'
import { linkCause } from '../../../shared/state/link.ts'
import { latency } from '../../../shared/util/amounts.ts'
import { useApi, useBridgeState } from '../../store/bridge-context.tsx'
import { useAction } from '../../store/use-action.ts'
import { Button } from '../../ui/button.tsx'
import { FailureNotice, Notice } from '../../ui/notice.tsx'
import { plain } from '../../ui/plain.ts'
import { words } from '../../words/words.ts'

interface UrlRelayAnswerProps {
  readonly url: string
  /** Whether the bridge was told of a file with the admin token. */
  readonly hasAdminToken: boolean
  readonly onGoOn: () => void
}

/** What the bridge has found out about the relay that it uses now. */
export function UrlRelayAnswer({ url, hasAdminToken, onGoOn }: UrlRelayAnswerProps): ReactNode {
  const relay = useBridgeState((state) => state.relay)
  const { health } = relay
  const cause = linkCause(relay.link) ?? (health.kind === 'failing' ? health.cause : undefined)
  if (relay.kind === 'url' && health.kind === 'ok')
    return (
      <>
        <Notice
          tone="good"
          title={words.firstRun.answers}
          isUrgent
          actions={
            <Button look="primary" onClick={onGoOn}>
              {words.firstRun.goOn}
            </Button>
          }
        >
          <p>{words.firstRun.answersText(plain(health.version, 40), latency(health.roundTripMs))}</p>
          {!hasAdminToken && <p>{words.firstRun.urlNote}</p>}
        </Notice>
        {hasAdminToken && <AdminRights />}
      </>
    )
  if (cause !== undefined)
    return (
      <FailureNotice
        title={words.firstRun.answersNot}
        failure={cause}
        isUrgent
        actions={<Button onClick={onGoOn}>{words.firstRun.skip}</Button>}
      />
    )
  return (
    <div role="status">
      <Notice tone="busy" title={words.firstRun.checking(plain(url, 120))} />
    </div>
  )
}

/** Whether the relay takes the admin token, asked once it answers at all. */
function AdminRights(): ReactNode {
  const api = useApi()
  const [isTaken, setTaken] = useState(false)
  const { error, run } = useAction(async () => {
    await api.relaySignInStatus({})
    setTaken(true)
  })
  useEffect(() => run(), [run])
  if (error !== undefined)
    return <FailureNotice tone="ask" title={words.firstRun.adminFails} failure={error} isUrgent />
  return (
    <p className="muted" role="status">
      {isTaken ? words.firstRun.adminWorks : words.firstRun.adminChecking}
    </p>
  )
}
