import type { ReactNode } from 'react'
import { useBridgeState } from '../../store/bridge-context.tsx'
import { Card } from '../../ui/card.tsx'
import { Facts } from '../../ui/facts.tsx'
import { Since } from '../../ui/measures.tsx'
import { SafeText } from '../../ui/safe-text.tsx'
import { words } from '../../words/words.ts'
import { ChecksCard } from './checks-card.tsx'
import './diagnostics.css'
import { ReportCard } from './report-card.tsx'

export function DiagnosticsView(): ReactNode {
  return (
    <div className="diagnostics">
      <h1 className="diagnostics-title">{words.diagnostics.title}</h1>
      <ChecksCard />
      <ReportCard />
      <BridgeCard />
    </div>
  )
}

function BridgeCard(): ReactNode {
  const version = useBridgeState((state) => state.version)
  const startedAt = useBridgeState((state) => state.startedAt)
  const profile = useBridgeState((state) => state.profile)
  const wanted = useBridgeState((state) => state.wanted)
  const said = words.diagnostics
  return (
    <Card title={said.bridge}>
      <Facts
        facts={[
          { name: said.version, value: <SafeText text={version} maxLength={60} /> },
          { name: said.since, value: <Since at={startedAt} /> },
          { name: said.profile, value: <SafeText text={profile} maxLength={60} /> },
          { name: said.wanted, value: said[wanted] },
        ]}
      />
    </Card>
  )
}
