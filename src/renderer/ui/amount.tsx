import type { ReactNode } from 'react'
import { words } from '../words/words.ts'
import './amount.css'
import { amountText, type Measured, provenance } from './amount-text.ts'

/**
 * A measured sum: `~` before an estimate, `+ ?` where some of it could not be measured, a word where nothing is
 * known. Source and age are its hint.
 */
export function Amount({ amount }: { readonly amount: Measured | undefined }): ReactNode {
  if (amount === undefined || (amount.value === 0 && amount.unknown > 0)) {
    return (
      <span
        className="amount-unknown"
        title={amount === undefined ? words.dashboard.usage.notTracked : provenance(amount)}
      >
        {words.dashboard.usage.unknown}
      </span>
    )
  }
  return (
    <span className="no-break" title={provenance(amount)}>
      {amountText(amount)}
    </span>
  )
}
