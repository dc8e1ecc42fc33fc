import type { Cell } from '../policy/cell.ts'

/** What one cell looked like from here; `unknown` is what cannot be told apart from here, never a good result. */
export interface VerifiedCell {
  readonly cell: Cell
  readonly verdict: 'allowed' | 'denied' | 'unknown'
  readonly evidence: string
}
