import type { ReactNode } from 'react'
import { useBridgeState } from '../../store/bridge-context.tsx'
import { Button } from '../../ui/button.tsx'
import { ButtonLink } from '../../ui/button-link.tsx'
import { hashOf } from '../../ui/use-hash.ts'
import { words } from '../../words/words.ts'
import { SignInPanel } from './sign-in-panel.tsx'

/** Fills the small window of the app, or the page of a browser. */
export function SignInView(): ReactNode {
  return (
    <>
      <header className="sign-in-head">
        <h1>{words.signIn.title}</h1>
        <WayOut />
        <p className="muted">{words.signIn.lead}</p>
      </header>
      <SignInPanel />
    </>
  )
}

/** A window that was opened for this alone closes; a page goes back to the dashboard. */
function WayOut(): ReactNode {
  const hasDesktop = useBridgeState(({ desktop }) => desktop.kind === 'desktop')
  if (hasDesktop && window.history.length <= 1)
    return (
      <Button look="quiet" icon="close" onClick={() => window.close()}>
        {words.signIn.close}
      </Button>
    )
  return (
    <ButtonLink href={hashOf('')} look="quiet" icon="dashboard">
      {words.shell.dashboard}
    </ButtonLink>
  )
}
