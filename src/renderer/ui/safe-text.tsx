import type { ReactNode } from 'react'
import { MAX_LENGTH, plain } from './plain.ts'

export interface SafeTextProps {
  readonly text: string
  /** Characters. */
  readonly maxLength?: number
}

/** Text that somebody else chose. Its direction stays its own. */
export function SafeText({ text, maxLength }: SafeTextProps): ReactNode {
  return (
    <bdi className="safe-text" title={text.length > (maxLength ?? MAX_LENGTH) ? plain(text) : undefined}>
      {plain(text, maxLength)}
    </bdi>
  )
}
