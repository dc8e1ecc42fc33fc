import type { ReactNode } from 'react'
import { words } from '../../words/words.ts'

export function SignInView(): ReactNode {
  return <h1>{words.shell.signIn}</h1>
}
