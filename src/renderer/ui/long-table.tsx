import { type ReactNode, useDeferredValue, useState } from 'react'
import { words } from '../words/words.ts'
import { Button } from './button.tsx'
import './long-table.css'
import { Table, type TableProps } from './table.tsx'

export interface LongTableProps<Row> extends TableProps<Row> {
  /** What a filter looks for. */
  readonly textOf: (row: Row) => string
  readonly firstCount?: number
}

const FIRST_COUNT = 10
const MORE = 100

/** A table that stays usable with ten thousand rows: some at first, more on demand, and a filter. */
export function LongTable<Row>({
  textOf,
  firstCount = FIRST_COUNT,
  ...table
}: LongTableProps<Row>): ReactNode {
  const [filter, setFilter] = useState('')
  const [count, setCount] = useState(firstCount)
  const wanted = useDeferredValue(filter.trim().toLowerCase())
  const { rows, caption } = table
  const matching = wanted === '' ? rows : rows.filter((row) => textOf(row).toLowerCase().includes(wanted))
  const more = Math.min(MORE, matching.length - count)
  return (
    <div className="stack">
      {rows.length > firstCount && (
        <div className="long-table-tools">
          <input
            className="input"
            type="search"
            aria-label={`${words.ui.filter}: ${caption}`}
            placeholder={words.ui.filterHint}
            value={filter}
            onChange={(event) => setFilter(event.target.value)}
          />
          <span className="faint" role="status">
            {words.ui.shown(Math.min(count, matching.length), rows.length)}
          </span>
        </div>
      )}
      {matching.length === 0 && rows.length > 0 ? (
        <p className="muted">{words.ui.noMatch}</p>
      ) : (
        <Table {...table} rows={matching.slice(0, count)} />
      )}
      {more > 0 && (
        <div>
          <Button size="s" onClick={() => setCount(count + MORE)}>
            {words.ui.showMore(more)}
          </Button>
        </div>
      )}
    </div>
  )
}
