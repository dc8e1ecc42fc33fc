import { words } from '../words/words.ts'
import { plain } from './plain.ts'

/** A number with all that makes it honest. */
export interface Measured {
  readonly value: number
  readonly unit: string
  readonly source: string
  readonly estimate: boolean
  /** Requests that belong into the sum and could not be measured. */
  readonly unknown: number
}

const DIGITS: Readonly<Record<string, number>> = { tokens: 0, requests: 0, USD: 4 }
const COMPACT_FROM = 1_000_000

/** `1,284`, `~3.4`, `12.8M`, `<0.01`, `7 + ?`: without its unit. */
export function amountText({ value, unit, estimate, unknown }: Measured): string {
  return `${estimate && value !== 0 ? '~' : ''}${numberText(value, DIGITS[unit] ?? 2)}${unknown > 0 ? ' + ?' : ''}`
}

/** Something small is not nothing, and millions are not counted one by one. */
export function numberText(value: number, digits = 2): string {
  if (value >= COMPACT_FROM)
    return value.toLocaleString(words.numberLocale, { notation: 'compact', maximumSignificantDigits: 4 })
  const text = value.toLocaleString(words.numberLocale, { maximumFractionDigits: digits })
  return Number(value.toFixed(digits)) === 0 && value > 0 ? `<${10 ** -digits}` : text
}

/** Exact value, unit and source, for a hint. */
export function provenance({ value, unit, source, estimate, unknown }: Measured): string {
  const { usage } = words.dashboard
  return [
    `${value.toLocaleString(words.numberLocale, { maximumFractionDigits: 6 })} ${plain(unit, 60)}`,
    estimate ? usage.estimate : [],
    source === '' ? [] : plain(source, 120),
    unknown > 0 ? usage.unmeasured(unknown) : [],
  ]
    .flat()
    .join(', ')
}

/** Two sums of the same unit as one; unknown where either is. */
export function sumOf(a: Measured | undefined, b: Measured | undefined): Measured | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return {
    value: Number((a.value + b.value).toPrecision(12)),
    unit: a.unit,
    source: [a, b].flatMap(({ value, source }) => (value === 0 ? [] : source)).join(' + ') || a.source,
    estimate: (a.estimate && a.value > 0) || (b.estimate && b.value > 0),
    unknown: Math.max(a.unknown, b.unknown),
  }
}
