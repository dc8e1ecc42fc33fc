import type { ComponentType } from 'react'
import { DashboardView } from './features/dashboard/dashboard-view.tsx'
import { DiagnosticsView } from './features/diagnostics/diagnostics-view.tsx'
import { FirstRunView } from './features/first-run/first-run-view.tsx'
import { PromptsView } from './features/prompts/prompts-view.tsx'
import { SettingsView } from './features/settings/settings-view.tsx'
import { SignInView } from './features/sign-in/sign-in-view.tsx'
import type { IconName } from './ui/icon.tsx'
import { words } from './words/words.ts'

export interface View {
  /** What stands in the address after `#/`. */
  readonly path: string
  readonly title: string
  readonly component: ComponentType
  /** In the bar on top. */
  readonly icon?: IconName
  /** Fills a small window of its own, without the bar. */
  readonly isBare?: boolean
}

export const VIEWS: readonly View[] = [
  { path: '', title: words.shell.dashboard, component: DashboardView, icon: 'dashboard' },
  { path: 'settings', title: words.shell.settings, component: SettingsView, icon: 'settings' },
  { path: 'diagnostics', title: words.shell.diagnostics, component: DiagnosticsView, icon: 'pulse' },
  { path: 'first-run', title: words.shell.firstRun, component: FirstRunView },
  { path: 'sign-in', title: words.shell.signIn, component: SignInView, isBare: true },
  { path: 'prompts', title: words.shell.prompts, component: PromptsView, isBare: true },
]
