import type { ReactNode } from 'react'
import { words } from '../../words/words.ts'

export function DiagnosticsView(): ReactNode {
  return <h1>{words.shell.diagnostics}</h1>
}
