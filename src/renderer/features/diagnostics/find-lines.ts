export interface FoundLine {
  /** Counted from 1. */
  readonly number: number
  readonly text: string
}

/** The lines that hold what is looked for, whatever its case; all of them where nothing is. */
export function findLines(lines: readonly string[], wanted: string): FoundLine[] {
  const needle = wanted.trim().toLowerCase()
  return lines.flatMap((text, index) =>
    needle === '' || text.toLowerCase().includes(needle) ? [{ number: index + 1, text }] : [],
  )
}

/** A text cut where it holds what is looked for: every second part is a hit. */
export function splitAtHits(text: string, wanted: string): string[] {
  const needle = wanted.trim().toLowerCase()
  const lower = text.toLowerCase()
  // A letter may get longer in lower case, and places would not fit any more.
  if (needle === '' || lower.length !== text.length) return [text]
  const parts: string[] = []
  let from = 0
  for (let at = lower.indexOf(needle); at >= 0; at = lower.indexOf(needle, from)) {
    parts.push(text.slice(from, at), text.slice(at, at + needle.length))
    from = at + needle.length
  }
  return [...parts, text.slice(from)]
}

/** A report's text ends with a line break, which begins no line. */
export function linesOf(text: string): string[] {
  const lines = text.split(/\r\n|\r|\n/)
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines
}
