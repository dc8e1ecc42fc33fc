import type { ReactNode } from 'react'
import { words } from '../../words/words.ts'
import { SECTIONS, type SectionId } from './sections.ts'

export interface SectionNavProps {
  readonly section: SectionId
  /** Mistakes in a section. */
  readonly counts: (section: SectionId) => number
  readonly onChange: (section: SectionId) => void
}

export function SectionNav({ section, counts, onChange }: SectionNavProps): ReactNode {
  return (
    <nav className="section-nav" aria-label={words.settings.sections}>
      <ul>
        {SECTIONS.map((id) => {
          const count = counts(id)
          return (
            <li key={id}>
              <button
                type="button"
                className="section-link"
                aria-current={id === section ? 'true' : undefined}
                onClick={() => onChange(id)}
              >
                {words.settings[id]}
                {count > 0 && (
                  <span className="section-count">
                    <span className="visually-hidden">{words.settings.mistakeCount(count)}</span>
                    <span aria-hidden="true">{count.toLocaleString(words.locale)}</span>
                  </span>
                )}
              </button>
            </li>
          )
        })}
      </ul>
    </nav>
  )
}
