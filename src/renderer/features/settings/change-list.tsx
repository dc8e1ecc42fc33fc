import type { ReactNode } from 'react'
import { SafeText } from '../../ui/safe-text.tsx'
import { words } from '../../words/words.ts'
import type { Change } from './describe-changes.ts'

/** More than this is another set of settings, not a change. */
const MOST_SHOWN = 30

/** What differs, each with how it is and how it will be. */
export function ChangeList({ changes }: { readonly changes: readonly Change[] }): ReactNode {
  const said = words.settings.changes
  if (changes.length === 0) return <p className="muted">{said.none}</p>
  const rest = changes.length - MOST_SHOWN
  return (
    <>
      <dl className="changes">
        {changes.slice(0, MOST_SHOWN).map((change, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the list is drawn anew whenever it changes
          <div key={index} className="change">
            <dt>
              <SafeText text={change.what} maxLength={120} />
            </dt>
            <dd>
              <ChangeValues change={change} />
            </dd>
          </div>
        ))}
      </dl>
      {rest > 0 && <p className="faint">{said.more(rest)}</p>}
    </>
  )
}

function ChangeValues({ change: { from, to } }: { readonly change: Change }): ReactNode {
  const said = words.settings.changes
  return (
    <>
      {from !== undefined && (
        <del className="change-from">
          <span className="visually-hidden">{said.from} </span>
          <SafeText text={from} maxLength={200} />
        </del>
      )}
      {to !== undefined && (
        <ins className="change-to">
          <span className="visually-hidden">{said.to} </span>
          <SafeText text={to} maxLength={200} />
        </ins>
      )}
      {from === undefined && <span className="faint">{said.new}</span>}
      {to === undefined && <span className="faint">{said.removed}</span>}
    </>
  )
}
