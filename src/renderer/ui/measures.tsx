import type { ReactNode } from 'react'
import { byteCount, duration, latency } from '../../shared/util/amounts.ts'
import { useNow } from '../store/clock.ts'
import { words } from '../words/words.ts'

interface TimeProps {
  /** Milliseconds since the epoch. */
  readonly at: number
}

/** "3 min ago", kept up to date. The exact time is its hint. */
export function Age({ at }: TimeProps): ReactNode {
  const now = useNow()
  return <Time at={at}>{ageText(at, now)}</Time>
}

/** How long something has lasted, kept up to date. */
export function Since({ at }: TimeProps): ReactNode {
  const now = useNow()
  return <Time at={at}>{duration(now - at)}</Time>
}

/** How long it is until something, kept up to date; "now" once it is due. */
export function Until({ at }: TimeProps): ReactNode {
  const now = useNow()
  return <Time at={at}>{at - now <= 0 ? words.ui.now : duration(Math.ceil((at - now) / 1000) * 1000)}</Time>
}

function Time({ at, children }: TimeProps & { readonly children: ReactNode }): ReactNode {
  const date = new Date(at)
  // What cannot be a date, such as a broken clock's, is shown without one.
  if (Number.isNaN(date.getTime())) return <span>{children}</span>
  return (
    <time dateTime={date.toISOString()} title={date.toLocaleString(words.locale)}>
      {children}
    </time>
  )
}

export function ageText(at: number, now: number): string {
  return now - at < 1000 ? words.ui.justNow : words.ui.ago(duration(now - at))
}

export function Bytes({ count }: { readonly count: number }): ReactNode {
  return <span className="no-break">{byteCount(Math.round(count))}</span>
}

export function Latency({ ms }: { readonly ms: number }): ReactNode {
  return <span className="no-break">{latency(ms)}</span>
}

export function Whole({ count }: { readonly count: number }): ReactNode {
  return <span className="no-break">{wholeText(count)}</span>
}

export function wholeText(count: number): string {
  return count.toLocaleString(words.numberLocale, { maximumFractionDigits: 0 })
}
