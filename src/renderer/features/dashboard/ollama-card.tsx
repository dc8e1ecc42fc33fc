import type { ReactNode } from 'react'
import type { Failure } from '../../../shared/errors/app-error.ts'
import type { LoadedModel, OllamaModel, OllamaState } from '../../../shared/state/ollama.ts'
import { byteCount } from '../../../shared/util/amounts.ts'
import { useApi, useBridgeState, useIsStale } from '../../store/bridge-context.tsx'
import { useAction } from '../../store/use-action.ts'
import { Button } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { type Fact, Facts } from '../../ui/facts.tsx'
import { LongTable } from '../../ui/long-table.tsx'
import { Age, Latency, Until, wholeText } from '../../ui/measures.tsx'
import { FailureNotice } from '../../ui/notice.tsx'
import { SafeText } from '../../ui/safe-text.tsx'
import { Badge, State } from '../../ui/state.tsx'
import type { Column } from '../../ui/table.tsx'
import type { Tone } from '../../ui/tone.ts'
import { hashOf } from '../../ui/use-hash.ts'
import { words } from '../../words/words.ts'
import './ollama-card.css'

const { ollama: say } = words.dashboard

/** The Ollama of the profile: whether it can be reached, and what it holds. */
export function OllamaCard(): ReactNode {
  const ollama = useBridgeState((state) => state.ollama)
  const isStale = useIsStale()
  const api = useApi()
  const check = useAction(() => api.probeOllama({}))
  const [tone, word] = WORDS[ollama.kind]
  return (
    <Card
      title={say.title}
      isStale={isStale}
      aside={
        ollama.kind !== 'off' && (
          <>
            <State tone={tone}>{word}</State>
            <Button size="s" icon="retry" isDisabled={isStale} isBusy={check.isRunning} onClick={check.run}>
              {say.checkAgain}
            </Button>
          </>
        )
      }
    >
      {check.error !== undefined && (
        <FailureNotice title={words.dashboard.actionFailed} failure={check.error} isUrgent />
      )}
      <Content ollama={ollama} />
    </Card>
  )
}

const WORDS: Readonly<Record<OllamaState['kind'], readonly [Tone, string]>> = {
  off: ['quiet', ''],
  unknown: ['quiet', words.states.notAsked],
  ok: ['good', words.states.ready],
  failing: ['bad', words.states.notAnswering],
}

function Content({ ollama }: { readonly ollama: OllamaState }): ReactNode {
  switch (ollama.kind) {
    case 'off':
      return (
        <p className="muted ollama-off">
          {say.off} <a href={hashOf('settings')}>{say.offAction}</a>
        </p>
      )
    case 'unknown':
      return <Facts facts={placeFacts(ollama)} />
    case 'failing':
      return (
        <>
          <FailureNotice title={say.failing} failure={ollama.cause} />
          <Facts facts={[...placeFacts(ollama), { name: say.lastAsked, value: <Age at={ollama.at} /> }]} />
        </>
      )
    case 'ok':
      return <Working ollama={ollama} />
  }
}

function Working({ ollama }: { readonly ollama: Extract<OllamaState, { kind: 'ok' }> }): ReactNode {
  return (
    <>
      <Facts
        facts={[
          ...placeFacts(ollama),
          { name: say.answers, value: <Latency ms={ollama.roundTripMs} /> },
          { name: say.version, value: <SafeText text={ollama.version} maxLength={60} /> },
          ...(ollama.listed === undefined
            ? []
            : [{ name: say.listed, value: say.listedCount(ollama.listed) }]),
          { name: say.lastAsked, value: <Age at={ollama.at} /> },
        ]}
      />
      <Notes notes={ollama.notes} />
      <section className="stack" aria-label={say.loaded}>
        <h3>{say.loaded}</h3>
        {ollama.loaded.length === 0 ? (
          <p className="muted">{say.noneLoaded}</p>
        ) : (
          <ul className="stack">
            {ollama.loaded.map((model) => (
              <Loaded key={model.name} model={model} />
            ))}
          </ul>
        )}
      </section>
      <details>
        <summary>
          {say.models} ({wholeText(ollama.models.length)})
        </summary>
        <div className="ollama-models">
          {ollama.models.length === 0 ? (
            <p className="muted">{say.noModels}</p>
          ) : (
            <LongTable
              caption={say.models}
              columns={MODEL_COLUMNS}
              rows={ollama.models}
              rowKey={({ name }) => name}
              textOf={({ name }) => name}
            />
          )}
        </div>
      </details>
    </>
  )
}

function placeFacts({ place, via }: Exclude<OllamaState, { kind: 'off' }>): readonly Fact[] {
  return [
    { name: say.place, value: <SafeText text={place} maxLength={200} /> },
    ...(via === undefined ? [] : [{ name: say.via, value: <SafeText text={via} maxLength={200} /> }]),
  ]
}

/** What works and will not do for everything. */
function Notes({ notes }: { readonly notes: readonly Failure[] }): ReactNode {
  if (notes.length === 0) return null
  return (
    <ul className="stack ollama-notes" aria-label={say.notes}>
      {notes.map(({ code, message, remedy }) => (
        <li key={code}>
          <p className={code === 'ollama.cold' ? 'muted' : 'loaded-warning'}>
            <SafeText text={message} maxLength={400} />
          </p>
          <p className="faint">
            <SafeText text={remedy} maxLength={400} />
          </p>
        </li>
      ))}
    </ul>
  )
}

function Loaded({ model }: { readonly model: LoadedModel }): ReactNode {
  const { name, vramBytes, contextLength, hasShortContext, expiresAt } = model
  return (
    <li className="loaded">
      <p className="row spread">
        <strong>
          <SafeText text={name} maxLength={120} />
        </strong>
        {hasShortContext && (
          <Badge tone="ask" icon="alert">
            {say.shortContext}
          </Badge>
        )}
      </p>
      <p className="faint">
        {contextLength === undefined ? say.contextUnknown : say.context(wholeText(contextLength))}
        {vramBytes !== undefined && ` · ${say.vram(byteCount(vramBytes))}`}
        {expiresAt !== undefined && (
          <>
            {' · '}
            {say.unloadsIn}
            <Until at={expiresAt} />
          </>
        )}
      </p>
    </li>
  )
}

const MODEL_COLUMNS: readonly Column<OllamaModel>[] = [
  {
    key: 'name',
    title: say.name,
    isHead: true,
    cell: ({ name }) => <SafeText text={name} maxLength={120} />,
  },
  {
    key: 'size',
    title: say.size,
    align: 'end',
    cell: ({ sizeBytes }) => (sizeBytes === undefined ? words.dashboard.usage.unknown : byteCount(sizeBytes)),
  },
  {
    key: 'parameters',
    title: say.parameters,
    align: 'end',
    cell: ({ parameters }) => <SafeText text={parameters ?? '–'} maxLength={20} />,
  },
  {
    key: 'quantization',
    title: say.quantization,
    cell: ({ quantization }) => <SafeText text={quantization ?? '–'} maxLength={20} />,
  },
  {
    key: 'where',
    title: say.where,
    cell: ({ isCloud }) => (isCloud ? <Badge tone="busy">{say.cloud}</Badge> : say.here),
  },
]
