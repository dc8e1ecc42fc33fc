import { type ReactNode, useId } from 'react'
import { words } from '../words/words.ts'
import './card.css'
import { Badge } from './state.tsx'

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
        <div className="card-aside">
          {isStale && (
            <Badge tone="quiet" icon="info">
              {words.states.stale}
            </Badge>
          )}
          {aside !== undefined && aside !== false && (
            <div className={withAge('card-aside', isStale)}>{aside}</div>
          )}
        </div>
      </header>
      <div className={withAge('card-body', isStale)}>{children}</div>
      {footer !== undefined && footer !== false && <footer className="card-foot">{footer}</footer>}
    </section>
  )
}

function withAge(className: string, isStale: boolean): string {
  return isStale ? `${className} stale` : className
}
