import { type ReactNode, useId } from 'react'
import './card.css'

export interface CardProps {
  readonly title: ReactNode
  /** Right of the title: a state, or a button. */
  readonly aside?: ReactNode
  /** Small print at the bottom: source and age. */
  readonly footer?: ReactNode
  readonly children: ReactNode
  /** What it shows may be out of date. */
  readonly isStale?: boolean
}

export function Card({ title, aside, footer, children, isStale = false }: CardProps): ReactNode {
  const titleId = useId()
  return (
    <section className="card" aria-labelledby={titleId}>
      <header className="card-head">
        <h2 id={titleId} className="card-title">
          {title}
        </h2>
        {aside !== undefined && aside !== false && <div className="card-aside">{aside}</div>}
      </header>
      <div className={isStale ? 'card-body stale' : 'card-body'}>{children}</div>
      {footer !== undefined && footer !== false && <footer className="card-foot">{footer}</footer>}
    </section>
  )
}
