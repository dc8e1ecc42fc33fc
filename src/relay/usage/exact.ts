/** Decimal numbers as scaled integers: sums of them never drift. */

/** 1 premium request = 10⁶ of these; multipliers come with up to three decimals. */
export const PREMIUM_SCALE = 6
/** 1 AI credit = 10⁹ nano-AIU = $0.01, the unit Copilot itself reports in. */
export const CREDIT_SCALE = 9
/** 1 USD = 10¹² of these; a single cached token can cost less than a millionth of a cent. */
export const USD_SCALE = 12

const DECIMAL = /^([+-]?)(\d+)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?$/

/**
 * A number or numeric text as an integer of 10^-scale units, rounded half away from zero; undefined where it is
 * neither. A double is read as the shortest decimal that stands for it, which is what the sender wrote.
 */
export function parseDecimal(value: unknown, scale: number): bigint | undefined {
  if (typeof value !== 'number' && typeof value !== 'string') return undefined
  const match = DECIMAL.exec(String(value).trim())
  if (match === null) return undefined
  const [, sign, whole = '', fraction = '', exponent = '0'] = match
  const shift = scale + Number(exponent) - fraction.length
  // Nothing we count has hundreds of digits; this keeps hostile exponents from making huge integers.
  if (whole.length + fraction.length > 60 || Math.abs(shift) > 60) return undefined
  const digits = BigInt(whole + fraction)
  const scaled = shift >= 0 ? digits * 10n ** BigInt(shift) : divideRounded(digits, 10n ** BigInt(-shift))
  return sign === '-' ? -scaled : scaled
}

/** As {@link parseDecimal}; undefined also below zero, as no price and no multiplier is. */
export function parseNotNegative(value: unknown, scale: number): bigint | undefined {
  const parsed = parseDecimal(value, scale)
  return parsed === undefined || parsed < 0n ? undefined : parsed
}

/** `1500000` at scale 6 is `1.5`. */
export function formatDecimal(value: bigint, scale: number): string {
  const negative = value < 0n
  const digits = (negative ? -value : value).toString().padStart(scale + 1, '0')
  const whole = digits.slice(0, digits.length - scale)
  const fraction = digits.slice(digits.length - scale).replace(/0+$/, '')
  return `${negative ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`
}

/** Half rounds up; both must not be negative. */
export function divideRounded(dividend: bigint, divisor: bigint): bigint {
  return (dividend + divisor / 2n) / divisor
}

/** A finite number from a number or numeric text, as upstreams mix them; undefined otherwise. */
export function looseNumber(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined
  if (typeof value !== 'string' || value.trim() === '') return undefined
  const number = Number(value)
  return Number.isFinite(number) ? number : undefined
}

/** Far above any context window; a larger count is a mistake and would spoil the sums. */
const TOKENS_MAX = 1_000_000_000

export function tokenCount(value: unknown): number | undefined {
  const number = looseNumber(value)
  return number === undefined || number < 0 || number > TOKENS_MAX ? undefined : Math.round(number)
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
