import type { ReactNode } from 'react'
import { CopyButton } from '../../ui/code-text.tsx'
import { plain } from '../../ui/plain.ts'
import { words } from '../../words/words.ts'
import { fingerprintParts } from './fingerprint-parts.ts'

interface Props {
  readonly fingerprint: string
  readonly canCopy?: boolean
}

/** Spaced for the eye; what is selected and copied has no spaces in it. */
export function Fingerprint({ fingerprint, canCopy = false }: Props): ReactNode {
  const { hash, groups } = fingerprintParts(plain(fingerprint, 200))
  let offset = 0
  return (
    <span className="fingerprint-line">
      <code className="fingerprint">
        <span className="fingerprint-hash">{hash}</span>
        {groups.map((group) => {
          offset += group.length
          return (
            <span key={offset} className="fingerprint-group">
              {group}
            </span>
          )
        })}
      </code>
      {canCopy && <CopyButton text={fingerprint} label={words.prompts.copyFingerprint} />}
    </span>
  )
}
