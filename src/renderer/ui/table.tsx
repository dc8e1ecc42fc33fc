import type { ReactNode } from 'react'
import './table.css'

export interface Column<Row> {
  readonly key: string
  readonly title: ReactNode
  readonly align?: 'end'
  readonly cell: (row: Row) => ReactNode
  /** Its cells name their rows for a screen reader. */
  readonly isHead?: boolean
}

export interface TableProps<Row> {
  /** What the table is about; read out by a screen reader. */
  readonly caption: string
  readonly columns: readonly Column<Row>[]
  readonly rows: readonly Row[]
  readonly rowKey: (row: Row) => string
}

/** With so many columns there is a point where one row is better read from top to bottom. */
const MANY_COLUMNS = 4
const VERY_MANY_COLUMNS = 6

/**
 * A table whose rows become blocks of named values where it has many columns and little room; one with few scrolls
 * sideways by itself.
 */
export function Table<Row>({ caption, columns, rows, rowKey }: TableProps<Row>): ReactNode {
  return (
    // What scrolls has to be reachable with the keyboard; it is no landmark, of which a page has few.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: see above
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for what one fills in
    <div className="table-scroll" role="group" aria-label={caption} tabIndex={0}>
      <table className={`table${widthOf(columns.length)}`}>
        <caption className="visually-hidden">{caption}</caption>
        <thead>
          <tr>
            {columns.map(({ key, title, align }) => (
              <th key={key} scope="col" className={align === 'end' ? 'align-end' : undefined}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: what comes from a relay may be there twice
            <tr key={`${rowKey(row)} ${index}`}>
              {columns.map((column) => (
                <Cell key={column.key} column={column} row={row} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function widthOf(columns: number): string {
  if (columns > VERY_MANY_COLUMNS) return ' table-very-wide'
  return columns > MANY_COLUMNS ? ' table-wide' : ''
}

function Cell<Row>({ column, row }: { readonly column: Column<Row>; readonly row: Row }): ReactNode {
  const className = column.align === 'end' ? 'align-end' : undefined
  return column.isHead === true ? (
    <th scope="row" className={className}>
      {column.cell(row)}
    </th>
  ) : (
    <td className={className}>
      {/* A screen reader has it from the head of the column. */}
      <span className="cell-title" aria-hidden="true">
        {column.title}
      </span>
      {column.cell(row)}
    </td>
  )
}
