import type { ReactNode } from 'react'
import { words } from '../../words/words.ts'

export function SettingsView(): ReactNode {
  return <h1>{words.shell.settings}</h1>
}
