import type { ReactNode } from 'react'
import './dashboard-view.css'
import { EgressCard } from './egress-card.tsx'
import { NoTrayNotice } from './no-tray-notice.tsx'
import { OllamaCard } from './ollama-card.tsx'
import { PathCard } from './path-card.tsx'
import { RecentCard } from './recent-card.tsx'
import { RelayCard } from './relay-card.tsx'
import { StatusHeader } from './status-header.tsx'
import { TroublesPanel } from './troubles-panel.tsx'
import { UsageCard } from './usage-card.tsx'
import { VpnCard } from './vpn-card.tsx'

/** Everything at a glance: how it is, what is wrong, the path, the parts, and what was used. */
export function DashboardView(): ReactNode {
  return (
    <>
      <StatusHeader />
      <TroublesPanel />
      <NoTrayNotice />
      <PathCard />
      <div className="card-pair">
        <RelayCard />
        <OllamaCard />
        <VpnCard />
        <EgressCard />
      </div>
      <UsageCard />
      <RecentCard />
    </>
  )
}
