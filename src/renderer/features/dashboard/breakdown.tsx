import { type ReactNode, useState } from 'react'
import type {
  Usage,
  UsageClient,
  UsageLimit,
  UsageModel,
  UsageTotals,
} from '../../../shared/protocol/read-usage.ts'
import { Amount } from '../../ui/amount.tsx'
import { numberText, sumOf } from '../../ui/amount-text.ts'
import { LongTable } from '../../ui/long-table.tsx'
import { wholeText } from '../../ui/measures.tsx'
import { SafeText } from '../../ui/safe-text.tsx'
import { Segmented } from '../../ui/segmented.tsx'
import { State } from '../../ui/state.tsx'
import type { Column } from '../../ui/table.tsx'
import type { Tone } from '../../ui/tone.ts'
import { words } from '../../words/words.ts'
import { Multiplier, Price, PriceNote } from './model-cells.tsx'

const { usage: say } = words.dashboard

/** The month by model, by client, and against the limits of the relay. */
export function Breakdown({ usage }: { readonly usage: Usage }): ReactNode {
  const [by, setBy] = useState<'models' | 'clients' | 'limits'>('models')
  return (
    <div className="stack">
      <div className="row spread">
        <h3>{say.breakdown}</h3>
        <Segmented
          label={say.by}
          value={by}
          options={[
            { value: 'models', label: say.byModel },
            { value: 'clients', label: say.byClient },
            { value: 'limits', label: say.byLimit },
          ]}
          onChange={setBy}
        />
      </div>
      {by === 'models' && <Models usage={usage} />}
      {by === 'clients' && <Clients usage={usage} />}
      {by === 'limits' && <Limits limits={usage.limits} />}
    </div>
  )
}

function Models({ usage }: { readonly usage: Usage }): ReactNode {
  if (usage.models.length === 0) return <p className="muted">{say.noModels}</p>
  return (
    <>
      <LongTable
        caption={say.byModel}
        columns={[...MODEL_COLUMNS, ...sumColumns(usage)]}
        rows={mostUsedFirst(usage.models)}
        rowKey={({ model, upstream }) => `${upstream} ${model}`}
        textOf={({ model, upstream }) => `${model} ${upstream}`}
      />
      <PriceNote models={usage.models} />
    </>
  )
}

function Clients({ usage }: { readonly usage: Usage }): ReactNode {
  if (usage.clients.length === 0) return <p className="muted">{say.noClients}</p>
  return (
    <LongTable
      caption={say.byClient}
      columns={[CLIENT_COLUMN, ...sumColumns(usage)]}
      rows={mostUsedFirst(usage.clients)}
      rowKey={({ client }) => client}
      textOf={({ client }) => client}
    />
  )
}

function Limits({ limits }: { readonly limits: readonly UsageLimit[] }): ReactNode {
  if (limits.length === 0) return <p className="muted">{say.noLimits}</p>
  return (
    <LongTable
      caption={say.byLimit}
      columns={LIMIT_COLUMNS}
      rows={limits}
      rowKey={({ scope, client, name, period }) => `${scope} ${client} ${name} ${period}`}
      textOf={limitOwner}
    />
  )
}

function mostUsedFirst<Row extends UsageTotals>(rows: readonly Row[]): Row[] {
  return [...rows].sort((a, b) => b.requests - a.requests)
}

const MODEL_COLUMNS: readonly Column<UsageModel>[] = [
  {
    key: 'model',
    title: say.model,
    isHead: true,
    cell: ({ model }) => <SafeText text={model} maxLength={120} />,
  },
  {
    key: 'upstream',
    title: say.provider,
    cell: ({ upstream }) => <SafeText text={upstream} maxLength={40} />,
  },
  {
    key: 'multiplier',
    title: say.multiplier,
    align: 'end',
    cell: ({ multiplier }) => <Multiplier {...{ multiplier }} />,
  },
  {
    key: 'price',
    title: say.price,
    align: 'end',
    cell: ({ price }) => <Price price={price} />,
  },
]

const CLIENT_COLUMN: Column<UsageClient> = {
  key: 'client',
  title: say.client,
  isHead: true,
  cell: ({ client }) =>
    client === 'unknown' ? (
      <span className="muted">{say.noToken}</span>
    ) : (
      <SafeText text={client} maxLength={120} />
    ),
}

function sumColumns({ premiumRequestsApply }: Usage): Column<UsageTotals>[] {
  return SUM_COLUMNS.filter(({ key }) => key !== 'premium' || premiumRequestsApply !== false)
}

const SUM_COLUMNS: readonly Column<UsageTotals>[] = [
  { key: 'requests', title: say.requestsShort, align: 'end', cell: ({ requests }) => wholeText(requests) },
  {
    key: 'input',
    title: say.inputShort,
    align: 'end',
    cell: ({ tokens }) => <Amount amount={tokens?.input} />,
  },
  {
    key: 'output',
    title: say.outputShort,
    align: 'end',
    cell: ({ tokens }) => <Amount amount={tokens?.output} />,
  },
  {
    key: 'premium',
    title: say.premiumShort,
    align: 'end',
    cell: ({ premiumRequests }) => <Amount amount={premiumRequests} />,
  },
  {
    key: 'credits',
    title: say.creditsShort,
    align: 'end',
    cell: ({ credits }) => <Amount amount={sumOf(credits?.reported, credits?.estimated)} />,
  },
  { key: 'cost', title: say.costShort, align: 'end', cell: ({ cost }) => <Amount amount={cost} /> },
]

const LIMIT_TONES: Readonly<Record<UsageLimit['state'], Tone>> = { ok: 'good', near: 'ask', spent: 'bad' }

const LIMIT_COLUMNS: readonly Column<UsageLimit>[] = [
  {
    key: 'of',
    title: say.limitOf,
    isHead: true,
    cell: (limit) => <SafeText text={limitOwner(limit)} maxLength={80} />,
  },
  {
    key: 'name',
    title: say.limit,
    cell: ({ name }) => <SafeText text={say.limitNames[name] ?? name} maxLength={60} />,
  },
  {
    key: 'used',
    title: say.limitUsed,
    align: 'end',
    cell: ({ used, limit, unknown, estimate, period }) => (
      <>
        {estimate && used > 0 && '~'}
        {numberText(used)}
        {unknown > 0 && ' + ?'} / {numberText(limit)} <span className="faint">{say.periods[period]}</span>
      </>
    ),
  },
  {
    key: 'state',
    title: say.limitState,
    cell: ({ state }) => <State tone={LIMIT_TONES[state]}>{say.limitStates[state]}</State>,
  },
]

function limitOwner({ scope, client }: UsageLimit): string {
  if (scope === 'relay') return say.wholeRelay
  return client ?? say.eachClient
}
