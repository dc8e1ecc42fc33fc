import type { ReactNode } from 'react'
import './meter.css'
import type { Tone } from './tone.ts'

export interface MeterProps {
  /** Its name for a screen reader. */
  readonly label: string
  /** 0 to 1; more than 1 is shown as full. */
  readonly share: number
  readonly tone: Tone
  /** The same in words, such as "812 of 1,500 AI credits". */
  readonly text: string
  /** A second mark, such as how much of the month is over; 0 to 1. */
  readonly mark?: number
}

export function Meter({ label, share, tone, text, mark }: MeterProps): ReactNode {
  const percent = Math.min(100, Math.max(0, share * 100))
  return (
    // biome-ignore lint/a11y/useSemanticElements: a native meter has no room for the mark
    <div
      className={`meter tone-${tone}`}
      role="meter"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(percent)}
      aria-valuetext={text}
    >
      <span className="meter-bar" style={{ width: `${percent}%` }} />
      {mark !== undefined && (
        <span className="meter-mark" style={{ left: `${Math.min(100, Math.max(0, mark * 100))}%` }} />
      )}
    </div>
  )
}
