import { type ReactNode, useState } from 'react'
import type { Check } from '../../../shared/protocol/diagnostics.ts'
import { Button } from '../../ui/button.tsx'
import { SafeText } from '../../ui/safe-text.tsx'
import { State } from '../../ui/state.tsx'
import { words } from '../../words/words.ts'
import { STATUS_TONES } from './check-groups.ts'

const PAGE = 50

/** Checks one below the other: how it is, what was found, what to do. */
export function CheckList({ checks }: { readonly checks: readonly Check[] }): ReactNode {
  const [most, setMost] = useState(PAGE)
  const rest = Math.min(PAGE, checks.length - most)
  return (
    <>
      <ul className="checks">
        {checks.slice(0, most).map((check, index) => (
          // Ids come from the bridge, and nothing keeps two clients from having names that give the same one.
          // biome-ignore lint/suspicious/noArrayIndexKey: see above
          <CheckItem key={`${check.id} ${index}`} check={check} />
        ))}
      </ul>
      {rest > 0 && (
        <div className="checks-more">
          <Button size="s" onClick={() => setMost(most + PAGE)}>
            {words.diagnostics.more(rest)}
          </Button>
        </div>
      )}
    </>
  )
}

function CheckItem({ check }: { readonly check: Check }): ReactNode {
  const { title, status, detail, fix } = check
  const said = words.diagnostics
  return (
    <li className="check">
      <span className="check-status">
        <State tone={STATUS_TONES[status]}>{said.status[status]}</State>
      </span>
      <div className="check-words">
        <p className="check-title">
          <SafeText text={title} maxLength={120} />
        </p>
        {detail !== '' && (
          <p className="muted">
            <SafeText text={detail} maxLength={600} />
          </p>
        )}
        {fix !== undefined && (
          <p className="check-fix">
            <span className="check-fix-name">{said.fix}: </span>
            <SafeText text={fix} maxLength={600} />
          </p>
        )}
      </div>
    </li>
  )
}
