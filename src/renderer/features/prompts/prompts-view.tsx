import type { ReactNode } from 'react'
import { words } from '../../words/words.ts'

export function PromptsView(): ReactNode {
  return <h1>{words.shell.prompts}</h1>
}
