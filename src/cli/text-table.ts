export interface Column<Row> {
  readonly title: string
  readonly align?: 'right'
  readonly text: (row: Row) => string
}

/** Columns as wide as they need to be, two spaces apart, no trailing blanks. */
export function textTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const cells = [
    columns.map(({ title }) => title),
    ...rows.map((row) => columns.map(({ text }) => text(row))),
  ]
  const widths = columns.map((_, index) => Math.max(...cells.map((line) => line[index]?.length ?? 0)))
  return cells
    .map((line) =>
      line
        .map((cell, index) => {
          const width = widths[index] ?? 0
          return columns[index]?.align === 'right' ? cell.padStart(width) : cell.padEnd(width)
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** `5 minutes ago`; the largest unit that fits. */
export function ago(iso: string | null, now: number): string {
  if (iso === null) return 'never'
  const seconds = Math.round((now - Date.parse(iso)) / 1000)
  // Clocks of two machines may differ a little.
  if (seconds < 1) return 'just now'
  const [size, unit] = UNITS.find(([length]) => seconds >= length) ?? [1, 'second']
  const count = Math.floor(seconds / size)
  return `${count} ${unit}${count === 1 ? '' : 's'} ago`
}

const UNITS: readonly (readonly [seconds: number, name: string])[] = [
  [86_400, 'day'],
  [3600, 'hour'],
  [60, 'minute'],
]
