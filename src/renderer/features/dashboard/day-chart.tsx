import { type ReactNode, useState } from 'react'
import type { Usage } from '../../../shared/protocol/read-usage.ts'
import { useNow } from '../../store/clock.ts'
import { Amount } from '../../ui/amount.tsx'
import { numberText } from '../../ui/amount-text.ts'
import { Segmented } from '../../ui/segmented.tsx'
import { Table } from '../../ui/table.tsx'
import { words } from '../../words/words.ts'
import './day-chart.css'
import { type DayValue, daysInMonth, dayValues, type Measure, measuresOf } from './days.ts'

const { usage: say } = words.dashboard

/** The days of the month as bars, and the same as a table. */
export function DayChart({ usage }: { readonly usage: Usage }): ReactNode {
  const [wanted, setMeasure] = useState<Measure>('requests')
  const today = new Date(useNow()).toISOString().slice(0, 10)
  if (usage.days.length === 0) return <p className="muted">{say.noDays}</p>
  const measures = measuresOf(usage)
  const measure = measures.includes(wanted) ? wanted : 'requests'
  const values = dayValues(usage, measure, today)
  return (
    <div className="stack">
      <div className="row spread">
        <h3>{say.perDay}</h3>
        {measures.length > 1 && (
          <Segmented
            label={say.measure}
            value={measure}
            options={measures.map((value) => ({ value, label: say.measures[value] }))}
            onChange={setMeasure}
          />
        )}
      </div>
      <Bars values={values} name={say.measures[measure]} />
      <details>
        <summary>{say.asTable}</summary>
        <Table
          caption={`${say.perDay}: ${say.measures[measure]}`}
          columns={[
            { key: 'day', title: say.day, isHead: true, cell: ({ day }: DayValue) => dayText(day, 'long') },
            {
              key: 'value',
              title: say.measures[measure],
              align: 'end',
              cell: ({ amount }: DayValue) => <Amount amount={amount} />,
            },
          ]}
          rows={values}
          rowKey={({ day }) => day}
        />
      </details>
    </div>
  )
}

const HEIGHT = 100
const BAR = 10
const GAP = 3

function Bars({ values, name }: { readonly values: readonly DayValue[]; readonly name: string }): ReactNode {
  const most = Math.max(...values.map(({ amount }) => amount?.value ?? 0))
  const scale = most > 0 ? HEIGHT / most : 0
  const first = values.at(0)?.day ?? ''
  const slots = daysInMonth(first.slice(0, 7))
  return (
    <figure className="chart">
      <p className="chart-most faint" aria-hidden="true">
        {numberText(most)}
      </p>
      <svg
        className="chart-bars"
        viewBox={`0 0 ${slots * (BAR + GAP) - GAP} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={say.chart(name, values.length, numberText(most))}
      >
        {values.map(({ day, amount }, index) => {
          const value = amount?.value ?? 0
          // A day with little is not a day with nothing.
          const height = value > 0 ? Math.max(2, value * scale) : 1
          const kind =
            value > 0
              ? 'bar'
              : amount === undefined || amount.unknown > 0
                ? 'bar bar-unknown'
                : 'bar bar-none'
          return (
            <rect
              key={day}
              className={kind}
              x={index * (BAR + GAP)}
              y={HEIGHT - height}
              width={BAR}
              height={height}
            >
              <title>{`${dayText(day, 'long')}: ${amount === undefined ? say.unknown : numberText(value)}`}</title>
            </rect>
          )
        })}
      </svg>
      <figcaption className="row spread faint" aria-hidden="true">
        <span>{dayText(first, 'short')}</span>
        <span>{dayText(`${first.slice(0, 8)}${slots}`, 'short')}</span>
      </figcaption>
    </figure>
  )
}

function dayText(day: string, month: 'short' | 'long'): string {
  return new Date(`${day}T00:00:00Z`).toLocaleDateString(words.locale, {
    day: 'numeric',
    month,
    timeZone: 'UTC',
  })
}
