import type { ReactNode } from 'react'

/** The bridge of the tray icon. */
export function Mark(): ReactNode {
  return (
    <svg className="mark" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d="M2 17H22M5 17V8M19 17V8M2 13C4 12 5 10 5 8 7 15 17 15 19 8 19 10 20 12 22 13M9.7 13V17M14.3 13V17" />
    </svg>
  )
}
