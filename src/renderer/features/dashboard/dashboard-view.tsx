import type { ReactNode } from 'react'
import { words } from '../../words/words.ts'

export function DashboardView(): ReactNode {
  return <h1>{words.dashboard.title}</h1>
}
