import type { ReactNode } from 'react'
import { AppError } from '../../../shared/errors/app-error.ts'
import { readUsage, type Usage } from '../../../shared/protocol/read-usage.ts'
import { useApi } from '../../store/bridge-context.tsx'
import { type Polled, usePolled } from '../../store/use-polled.ts'
import { Button } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { Age } from '../../ui/measures.tsx'
import { FailureNotice, Notice } from '../../ui/notice.tsx'
import { plain } from '../../ui/plain.ts'
import { SafeText } from '../../ui/safe-text.tsx'
import { words } from '../../words/words.ts'
import { AllowanceList } from './allowance-list.tsx'
import { Breakdown } from './breakdown.tsx'
import { DayChart } from './day-chart.tsx'
import { MonthSums } from './month-sums.tsx'
import { RelayNeeded, useCanAskRelay } from './relay-needed.tsx'

const { usage: say } = words.dashboard

const ASK_EVERY_MS = 20_000
/** Older than this, numbers are shown as out of date. */
const STALE_AFTER_MS = 3 * ASK_EVERY_MS

/** The usage of the month: sums, allowance with pace, days, and where it went. */
export function UsageCard(): ReactNode {
  const api = useApi()
  const isWanted = useCanAskRelay()
  const polled = usePolled(async () => understood(await api.relayUsage({})), {
    everyMs: ASK_EVERY_MS,
    isWanted,
  })
  const { value, at, error } = polled
  const isOld = at !== undefined && (error !== undefined || !isWanted || Date.now() - at > STALE_AFTER_MS)
  return (
    <Card
      title={titleOf(value)}
      isStale={isOld}
      aside={
        value?.account?.plan !== undefined && (
          <span className="faint">{say.plan(plain(value.account.plan.replaceAll('_', ' '), 60))}</span>
        )
      }
      footer={
        at !== undefined && (
          <>
            {say.received}
            <Age at={at} />
          </>
        )
      }
    >
      <Content polled={polled} isWanted={isWanted} />
    </Card>
  )
}

function understood(answer: unknown): Usage {
  const usage = readUsage(answer)
  if (usage === undefined) throw new AppError('api.malformed', say.unreadable)
  return usage
}

function titleOf(usage: Usage | undefined): string {
  if (usage === undefined) return say.title
  if (usage.month === undefined) return `${say.title}: ${say.sinceStart}`
  const name = new Date(`${usage.month}-01T00:00:00Z`).toLocaleDateString(words.locale, {
    month: 'long',
    year: 'numeric',
    timeZone: 'UTC',
  })
  return `${say.title}: ${say.month(name)}`
}

interface ContentProps {
  readonly polled: Polled<Usage>
  readonly isWanted: boolean
}

function Content({ polled: { value, error, isAsking, askNow }, isWanted }: ContentProps): ReactNode {
  const again = (
    <Button size="s" icon="retry" isBusy={isAsking} onClick={askNow}>
      {say.tryAgain}
    </Button>
  )
  const failure = error !== undefined && isWanted && (
    <FailureNotice
      tone="ask"
      title={value === undefined ? say.failed : say.failedKept}
      failure={error}
      actions={again}
    />
  )
  if (value === undefined) {
    if (!isWanted) return <RelayNeeded />
    return failure !== false ? failure : <Notice tone="busy" title={say.loading} />
  }
  return (
    <>
      {failure}
      <StorageNotice usage={value} />
      <MonthSums usage={value} />
      {value.quotas.length > 0 || value.account !== undefined ? (
        <section className="stack" aria-label={say.allowance}>
          <h3>
            {say.allowance} <span className="faint">{say.markHint}</span>
          </h3>
          <AllowanceList usage={value} />
        </section>
      ) : null}
      {value.requests === 0 ? (
        <p className="muted">
          {say.empty} {say.emptyHint}
        </p>
      ) : (
        <DayChart usage={value} />
      )}
      {(value.requests > 0 || value.limits.length > 0) && <Breakdown usage={value} />}
    </>
  )
}

function StorageNotice({ usage: { storage } }: { readonly usage: Usage }): ReactNode {
  if (
    storage === undefined ||
    (storage.state === 'ok' && storage.notice === undefined && storage.dropped === 0)
  )
    return null
  const titles = [
    storage.state === 'memory' ? say.storage.memory : [],
    storage.state === 'behind' ? say.storage.behind(storage.unsaved) : [],
    storage.dropped > 0 ? say.storage.dropped(storage.dropped) : [],
  ].flat()
  const [title = plain(storage.notice ?? '', 300)] = titles
  return (
    <Notice tone="ask" title={title}>
      {titles.length > 0 && storage.notice !== undefined && (
        <SafeText text={storage.notice} maxLength={600} />
      )}
    </Notice>
  )
}
