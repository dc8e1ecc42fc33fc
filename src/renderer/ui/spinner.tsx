import type { ReactNode } from 'react'
import './spinner.css'

/** Beside words that say what goes on. */
export function Spinner(): ReactNode {
  return <span className="spinner" aria-hidden="true" />
}
