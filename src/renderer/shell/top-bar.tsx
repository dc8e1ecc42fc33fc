import type { ReactNode } from 'react'
import { useMirror } from '../store/bridge-context.tsx'
import { Icon } from '../ui/icon.tsx'
import { SafeText } from '../ui/safe-text.tsx'
import { hashOf } from '../ui/use-hash.ts'
import { VIEWS } from '../views.tsx'
import { words } from '../words/words.ts'
import { Mark } from './mark.tsx'

export function TopBar({ path }: { readonly path: string }): ReactNode {
  const profile = useMirror(({ state }) => state?.profile)
  return (
    <header className="top-bar">
      <div className="brand">
        <Mark />
        <span className="brand-name">{words.shell.product}</span>
      </div>
      <nav aria-label={words.shell.views}>
        <ul className="nav">
          {VIEWS.map((view) =>
            view.icon === undefined ? null : (
              <li key={view.path}>
                <a
                  className="nav-link"
                  href={hashOf(view.path)}
                  aria-current={view.path === path ? 'page' : undefined}
                >
                  <Icon name={view.icon} /> {view.title}
                </a>
              </li>
            ),
          )}
        </ul>
      </nav>
      <div className="top-profile">
        {profile !== undefined && (
          <>
            <span className="visually-hidden">{words.shell.profile('')}</span>
            <SafeText text={profile} maxLength={40} />
          </>
        )}
      </div>
    </header>
  )
}
