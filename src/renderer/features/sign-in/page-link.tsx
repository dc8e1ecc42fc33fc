import type { ReactNode } from 'react'
import { useApi, useBridgeState } from '../../store/bridge-context.tsx'
import { useAction } from '../../store/use-action.ts'
import { Button } from '../../ui/button.tsx'
import { ButtonLink } from '../../ui/button-link.tsx'
import { FailureNotice } from '../../ui/notice.tsx'
import { words } from '../../words/words.ts'

export interface PageLinkProps {
  /** Checked before: https, and a host that this program names. */
  readonly href: string
  readonly children: ReactNode
  readonly look?: 'primary' | 'plain'
  readonly size?: 'm' | 's' | 'l'
}

/** Opens a page in the browser of the person, and only on a click: by the desktop around the bridge, or as a link. */
export function PageLink({ href, children, look = 'plain', size = 'm' }: PageLinkProps): ReactNode {
  const api = useApi()
  const hasDesktop = useBridgeState(({ desktop }) => desktop.kind === 'desktop')
  const opening = useAction(() => api.openPage({ url: href }))
  const label = (
    <>
      {children} <span className="visually-hidden">({words.signIn.opensIn})</span>
    </>
  )
  if (!hasDesktop)
    return (
      <ButtonLink href={href} look={look} size={size} icon="external" isOutside>
        {label}
      </ButtonLink>
    )
  return (
    <>
      <Button look={look} size={size} icon="external" onClick={opening.run} isBusy={opening.isRunning}>
        {label}
      </Button>
      {opening.error !== undefined && (
        <FailureNotice title={words.signIn.openFailed} failure={opening.error} isUrgent />
      )}
    </>
  )
}
