import { Component, type ReactNode } from 'react'
import { Button } from '../ui/button.tsx'
import { Notice } from '../ui/notice.tsx'
import { words } from '../words/words.ts'

interface Props {
  readonly children: ReactNode
}

/** Shows that the window itself is at fault, in place of an empty page. React asks for a class here. */
export class FaultGuard extends Component<Props, { readonly hasFailed: boolean }> {
  override state = { hasFailed: false }

  static getDerivedStateFromError(): { readonly hasFailed: boolean } {
    return { hasFailed: true }
  }

  override render(): ReactNode {
    if (!this.state.hasFailed) return this.props.children
    const reload = <Button onClick={() => window.location.reload()}>{words.shell.reload}</Button>
    return (
      <main className="page">
        <Notice tone="bad" title={words.shell.broken} actions={reload} isUrgent>
          {words.shell.brokenHint}
        </Notice>
      </main>
    )
  }
}
