import { type ReactNode, useEffect, useState } from 'react'
import type { Checks } from '../../../shared/protocol/diagnostics.ts'
import { useApi, useBridgeState } from '../../store/bridge-context.tsx'
import { useAction } from '../../store/use-action.ts'
import { Button } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { CopyButton } from '../../ui/code-text.tsx'
import { Age, Since } from '../../ui/measures.tsx'
import { FailureNotice, Notice } from '../../ui/notice.tsx'
import { words } from '../../words/words.ts'
import { groupChecks, problemsOf, summaryOf, textOfChecks } from './check-groups.ts'
import { CheckList } from './check-list.tsx'

/** Everything that is known to go wrong, looked at when the view opens and whenever somebody asks. */
export function ChecksCard(): ReactNode {
  const api = useApi()
  const [checks, setChecks] = useState<Checks>()
  const [startedAt, setStartedAt] = useState(Date.now)
  const { run, isRunning, error } = useAction(async () => {
    setStartedAt(Date.now())
    setChecks(await api.runChecks({}))
  })
  useEffect(run, [run])
  const said = words.diagnostics
  const again = checks === undefined && error === undefined ? said.run : said.runAgain
  return (
    <Card
      title={said.checks}
      isStale={isRunning && checks !== undefined}
      aside={
        <>
          {checks !== undefined && checks.checks.length > 0 && <CopyChecks checks={checks} />}
          <Button size="s" icon="retry" isBusy={isRunning} onClick={run}>
            {again}
          </Button>
        </>
      }
      footer={
        checks === undefined ? undefined : (
          <>
            {said.looked}
            <Age at={checks.at} />
          </>
        )
      }
    >
      {isRunning && checks === undefined && (
        <Notice tone="busy" title={<span role="status">{said.running}</span>}>
          <p aria-hidden="true">
            {said.runningFor}
            <Since at={startedAt} />
          </p>
        </Notice>
      )}
      {error !== undefined && <FailureNotice title={said.failed} failure={error} isUrgent />}
      {checks !== undefined && <Found checks={checks} />}
    </Card>
  )
}

function CopyChecks({ checks: { at, checks } }: { readonly checks: Checks }): ReactNode {
  const version = useBridgeState((state) => state.version)
  const title = words.diagnostics.textTitle(version, isoText(at))
  return <CopyButton label={words.diagnostics.copy} text={textOfChecks(checks, title)} />
}

function isoText(at: number): string {
  const date = new Date(at)
  return Number.isNaN(date.getTime()) ? String(at) : date.toISOString()
}

function Found({ checks: { checks } }: { readonly checks: Checks }): ReactNode {
  const said = words.diagnostics
  if (checks.length === 0) return <p className="muted">{said.none}</p>
  const problems = problemsOf(checks)
  const failed = problems.filter(({ status }) => status === 'failed').length
  const others = checks.filter(({ status }) => status === 'ok' || status === 'skipped')
  return (
    <>
      <div role="status">
        <Notice
          tone={failed > 0 ? 'bad' : problems.length > 0 ? 'ask' : 'good'}
          title={verdict(failed, problems.length)}
        >
          {summaryOf(checks)}
        </Notice>
      </div>
      {problems.length > 0 && (
        <section aria-label={said.problems}>
          <CheckList checks={problems} />
        </section>
      )}
      {groupChecks(others).map(({ id, checks: members }) => (
        <details key={id} className="check-group" open={problems.length === 0}>
          <summary>
            <span className="check-group-name">{said.groups[id]}</span>{' '}
            <span className="faint">{summaryOf(members)}</span>
          </summary>
          <CheckList checks={members} />
        </details>
      ))}
    </>
  )
}

function verdict(failed: number, problems: number): string {
  const said = words.diagnostics
  if (failed > 0) return said.someWrong(failed)
  return problems > 0 ? said.someWarn(problems) : said.allWell
}
