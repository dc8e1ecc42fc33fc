import { type ReactNode, useState } from 'react'
import type { Report } from '../../../shared/protocol/diagnostics.ts'
import { useApi } from '../../store/bridge-context.tsx'
import { useAction } from '../../store/use-action.ts'
import { Button } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { FailureNotice, Notice } from '../../ui/notice.tsx'
import { words } from '../../words/words.ts'
import { ReportPreview } from './report-preview.tsx'

/** A report for somebody who helps: made on demand, looked through, then saved. */
export function ReportCard(): ReactNode {
  const api = useApi()
  const [report, setReport] = useState<Report>()
  const { run, isRunning, error } = useAction(async () => setReport(await api.makeReport({})))
  const said = words.diagnostics
  const isFirst = report === undefined
  return (
    <Card
      title={said.report}
      isStale={isRunning && !isFirst}
      aside={
        <Button size="s" icon={isFirst ? 'plus' : 'retry'} isBusy={isRunning} onClick={run}>
          {isFirst ? said.make : said.makeAgain}
        </Button>
      }
    >
      <p className="muted">{said.reportIntro}</p>
      {isRunning && isFirst && <Notice tone="busy" title={<span role="status">{said.making}</span>} />}
      {error !== undefined && <FailureNotice title={said.makeFailed} failure={error} isUrgent />}
      {report !== undefined && <ReportPreview report={report} />}
    </Card>
  )
}
