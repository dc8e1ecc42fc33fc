import type { ReactNode } from 'react'
import { words } from '../../words/words.ts'

export function FirstRunView(): ReactNode {
  return <h1>{words.shell.firstRun}</h1>
}
