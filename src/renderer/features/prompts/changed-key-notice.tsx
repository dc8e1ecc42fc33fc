import type { ReactNode } from 'react'
import { Notice } from '../../ui/notice.tsx'
import { plain } from '../../ui/plain.ts'
import { SafeText } from '../../ui/safe-text.tsx'
import { words } from '../../words/words.ts'
import type { ChangedHostKey } from './attention.ts'
import { Fingerprint } from './fingerprint.tsx'
import './prompts.css'

/** A changed host key is a failure and no question: both fingerprints, and what has to be true before going on. */
export function ChangedKeyNotice({ changed }: { readonly changed: ChangedHostKey }): ReactNode {
  const { place, cause, isRevoked, shown, recorded } = changed
  const title = isRevoked ? words.prompts.revokedTitle : words.prompts.changedTitle
  return (
    <Notice tone="bad" title={title(plain(place, 80))}>
      <p>{words.prompts.changedLead}</p>
      <dl className="two-keys">
        {shown !== undefined && (
          <div>
            <dt>{words.prompts.shownNow}</dt>
            <dd>
              <Fingerprint fingerprint={shown} />
            </dd>
          </div>
        )}
        {recorded.map((fingerprint) => (
          <div key={fingerprint}>
            <dt>{words.prompts.onRecord}</dt>
            <dd>
              <Fingerprint fingerprint={fingerprint} />
            </dd>
          </div>
        ))}
      </dl>
      {recorded.length === 0 && (
        <p>
          <SafeText text={cause.message} maxLength={800} />
        </p>
      )}
      <p>
        <SafeText text={cause.remedy} maxLength={800} /> <code className="notice-code">{cause.code}</code>
      </p>
    </Notice>
  )
}
