import type { ReactNode } from 'react'
import { Icon, type IconName, TONE_ICONS } from './icon.tsx'
import { Spinner } from './spinner.tsx'
import './state.css'
import type { Tone } from './tone.ts'

export interface StateProps {
  readonly tone: Tone
  /** The word that says the same as the colour. */
  readonly children: ReactNode
}

/** How something is: icon, word and colour. */
export function State({ tone, children }: StateProps): ReactNode {
  return (
    <span className={`state tone-${tone}`}>
      {tone === 'busy' ? <Spinner /> : <Icon name={TONE_ICONS[tone]} />}
      <span>{children}</span>
    </span>
  )
}

export interface BadgeProps extends StateProps {
  readonly icon?: IconName
}

/** A small fact in a box of its colour. */
export function Badge({ tone, icon, children }: BadgeProps): ReactNode {
  return (
    <span className={`badge tone-${tone}`}>
      {icon !== undefined && <Icon name={icon} />}
      <span>{children}</span>
    </span>
  )
}
