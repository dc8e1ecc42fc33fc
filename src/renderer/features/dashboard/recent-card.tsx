import type { ReactNode } from 'react'
import type { RecentRequest } from '../../../shared/protocol/recent-requests.ts'
import { duration, latency } from '../../../shared/util/amounts.ts'
import { useApi } from '../../store/bridge-context.tsx'
import { usePolled } from '../../store/use-polled.ts'
import { numberText } from '../../ui/amount-text.ts'
import { Card } from '../../ui/card.tsx'
import { LongTable } from '../../ui/long-table.tsx'
import { Age, wholeText } from '../../ui/measures.tsx'
import { FailureNotice, Notice } from '../../ui/notice.tsx'
import { SafeText } from '../../ui/safe-text.tsx'
import { State } from '../../ui/state.tsx'
import type { Column } from '../../ui/table.tsx'
import type { Tone } from '../../ui/tone.ts'
import { words } from '../../words/words.ts'
import { RelayNeeded, useCanAskRelay } from './relay-needed.tsx'

const { recent: say, usage } = words.dashboard

const ASK_EVERY_MS = 8000

/** The newest requests, without content. */
export function RecentCard(): ReactNode {
  const api = useApi()
  const isWanted = useCanAskRelay()
  const { value, at, error } = usePolled(() => api.recentRequests({}), { everyMs: ASK_EVERY_MS, isWanted })
  const isOlder = isWanted && error?.code === 'relay.not-found'
  return (
    <Card
      title={say.title}
      isStale={value !== undefined && (error !== undefined || !isWanted)}
      footer={
        at !== undefined && (
          <>
            {usage.received}
            <Age at={at} />
          </>
        )
      }
    >
      {isOlder && <p className="muted">{say.olderRelay}</p>}
      {error !== undefined && !isOlder && isWanted && (
        <FailureNotice tone="ask" title={say.failed} failure={error} />
      )}
      {value === undefined && !isWanted && <RelayNeeded />}
      {value === undefined && isWanted && error === undefined && <Notice tone="busy" title={usage.loading} />}
      {value?.requests.length === 0 && <p className="muted">{say.none}</p>}
      {value !== undefined && value.requests.length > 0 && (
        <LongTable
          caption={say.title}
          columns={COLUMNS}
          rows={value.requests}
          rowKey={({ id }) => id}
          textOf={({ model, client, upstream, outcome }) => `${model} ${client} ${upstream} ${outcome}`}
        />
      )}
    </Card>
  )
}

const TONES: Readonly<Record<RecentRequest['outcome'], Tone>> = {
  'in-flight': 'busy',
  completed: 'good',
  failed: 'bad',
  cancelled: 'quiet',
  truncated: 'ask',
  lost: 'ask',
  other: 'quiet',
}

const COLUMNS: readonly Column<RecentRequest>[] = [
  { key: 'when', title: say.when, cell: ({ startedAt }) => <Age at={Date.parse(startedAt)} /> },
  {
    key: 'model',
    title: say.model,
    isHead: true,
    cell: ({ model }) => <SafeText text={model} maxLength={80} />,
  },
  {
    key: 'client',
    title: say.client,
    cell: ({ client }) => (client === 'unknown' ? usage.noToken : <SafeText text={client} maxLength={60} />),
  },
  {
    key: 'upstream',
    title: say.provider,
    cell: ({ upstream }) => <SafeText text={upstream} maxLength={40} />,
  },
  { key: 'outcome', title: say.outcome, cell: (request) => <Outcome request={request} /> },
  { key: 'first', title: say.firstByte, align: 'end', cell: ({ firstByteMs }) => time(firstByteMs, latency) },
  { key: 'took', title: say.duration, align: 'end', cell: ({ durationMs }) => time(durationMs, long) },
  {
    key: 'tokens',
    title: say.tokens,
    align: 'end',
    cell: ({ inputTokens, outputTokens }) => `${tokens(inputTokens)} / ${tokens(outputTokens)}`,
  },
  { key: 'cost', title: say.cost, align: 'end', cell: costText },
]

function Outcome({ request: { outcome, status } }: { readonly request: RecentRequest }): ReactNode {
  return (
    <span className="no-break">
      <State tone={TONES[outcome]}>{say.outcomes[outcome]}</State>
      {outcome === 'failed' && status !== null && <span className="faint"> {say.status(status)}</span>}
    </span>
  )
}

/** Nothing is known yet, or nothing was told. */
const NOT_KNOWN = '–'

function time(ms: number | null, text: (ms: number) => string): string {
  return ms === null ? NOT_KNOWN : text(ms)
}

function long(ms: number): string {
  return ms < 60_000 ? latency(ms) : duration(ms)
}

function tokens(count: number | null): string {
  return count === null ? NOT_KNOWN : wholeText(count)
}

function costText({ premiumRequests, credits, costUsd }: RecentRequest): string {
  const parts = [
    premiumRequests === null ? [] : say.premium(numberText(premiumRequests)),
    credits === null ? [] : say.credits(numberText(credits)),
    costUsd === null ? [] : say.usd(numberText(costUsd, 4)),
  ].flat()
  return parts.length === 0 ? NOT_KNOWN : parts.join(', ')
}
