import type { ReactNode } from 'react'
import type { LogsState } from '../../../shared/state/logs.ts'
import { useApi, useBridgeState } from '../../store/bridge-context.tsx'
import { useAction } from '../../store/use-action.ts'
import { Button } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { CodeText } from '../../ui/code-text.tsx'
import { Input, Select } from '../../ui/field.tsx'
import { FailureNotice, Notice } from '../../ui/notice.tsx'
import { words } from '../../words/words.ts'
import type { LogForm } from './settings-form.ts'

export interface LogPartProps {
  readonly logs: LogForm
  /** What is wrong with how much is kept. */
  readonly mistake: string | undefined
  readonly onChange: (change: Partial<LogForm>) => void
}

/** How much the bridge logs, how much of that is kept, and where. */
export function LogPart({ logs, mistake, onChange }: LogPartProps): ReactNode {
  const said = words.settings.logPart
  return (
    <Card title={said.title}>
      <Select
        label={said.level}
        hint={said.levelHint}
        value={logs.level}
        options={LEVELS}
        onChange={(level) => onChange({ level })}
      />
      <ForcedLevel />
      <Input
        label={said.keep}
        hint={said.keepHint}
        error={mistake}
        value={logs.keepMiB}
        onChange={(keepMiB) => onChange({ keepMiB })}
      />
      <LogPlace />
    </Card>
  )
}

const LEVELS = (['error', 'warn', 'info', 'debug'] as const).map((value) => ({
  value,
  label: words.settings.logPart.levels[value],
}))

/** The way in which the bridge was started has the last word while it runs. */
function ForcedLevel(): ReactNode {
  const logs = useBridgeState((state) => state.logs)
  if (logs.by === 'settings') return null
  return (
    <Notice tone="quiet" title={forcedWords(logs, logs.by)}>
      {words.settings.logPart.forcedNext}
    </Notice>
  )
}

function forcedWords({ level }: LogsState, by: Exclude<LogsState['by'], 'settings'>): string {
  const { forced } = words.settings.logPart
  return by === 'LOG_LEVEL' ? forced.LOG_LEVEL(level) : forced[by]
}

function LogPlace(): ReactNode {
  const api = useApi()
  const file = useBridgeState((state) => state.logs.file)
  const hasDesktop = useBridgeState(({ desktop }) => desktop.kind === 'desktop')
  const { run, isRunning, error } = useAction(() => api.openLogFolder({}))
  const said = words.settings.logPart
  if (file === undefined) return <p className="faint">{said.noFile}</p>
  return (
    <>
      <CodeText text={file} copyLabel={said.copyPath} />
      {hasDesktop && (
        <div className="row">
          <Button icon="external" isBusy={isRunning} onClick={run}>
            {said.open}
          </Button>
        </div>
      )}
      {error !== undefined && <FailureNotice title={said.openFailed} failure={error} isUrgent />}
    </>
  )
}
