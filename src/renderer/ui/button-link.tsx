import type { ReactNode } from 'react'
import './button.css'
import { Icon, type IconName } from './icon.tsx'

export interface ButtonLinkProps {
  readonly href: string
  readonly children: ReactNode
  readonly look?: 'primary' | 'plain' | 'quiet'
  readonly size?: 'm' | 's' | 'l'
  readonly icon?: IconName
  /** Another site, in a tab of its own that learns nothing of this page. */
  readonly isOutside?: boolean
  readonly onClick?: () => void
}

/** A link that looks like a button, because it is the next thing to do. */
export function ButtonLink(props: ButtonLinkProps): ReactNode {
  const { href, children, look = 'plain', size = 'm', icon, isOutside = false, onClick } = props
  const outside = isOutside ? { target: '_blank', rel: 'noopener noreferrer' } : {}
  return (
    <a className={`button button-${look} button-${size}`} href={href} onClick={onClick} {...outside}>
      {icon !== undefined && <Icon name={icon} />}
      <span>{children}</span>
    </a>
  )
}
