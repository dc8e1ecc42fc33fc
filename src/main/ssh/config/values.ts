import { configError, type Place } from './config-error.ts'

const UNIT_SECONDS: Readonly<Record<string, number>> = {
  '': 1,
  s: 1,
  m: 60,
  h: 3600,
  d: 86_400,
  w: 604_800,
}

export function readPort(text: string, place: Place): number {
  const port = parsePort(text)
  if (port === undefined) throw configError(place, `"${text}" is no port; ports are 1 to 65535.`)
  return port
}

export function parsePort(text: string): number | undefined {
  const port = Number(text)
  return /^\d{1,5}$/.test(text) && port >= 1 && port <= 65_535 ? port : undefined
}

export function readFlag(text: string, keyword: string, place: Place): boolean {
  const word = text.toLowerCase()
  if (word === 'yes' || word === 'true') return true
  if (word === 'no' || word === 'false') return false
  throw configError(place, `${keyword} takes yes or no, not "${text}".`)
}

export function readCount(text: string, keyword: string, place: Place): number {
  if (!/^\d{1,9}$/.test(text)) throw configError(place, `${keyword} takes a whole number, not "${text}".`)
  return Number(text)
}

/** Times such as `90`, `1m30s` or `2h` (sshd_config(5), TIME FORMATS). */
export function readDurationMs(text: string, keyword: string, place: Place): number {
  if (!/^(?:\d{1,9}[smhdw]?)+$/i.test(text)) {
    throw configError(place, `${keyword} takes a time such as 30 or 1m30s, not "${text}".`)
  }
  let seconds = 0
  for (const [, amount, unit = ''] of text.matchAll(/(\d+)([smhdw]?)/gi)) {
    seconds += Number(amount) * (UNIT_SECONDS[unit.toLowerCase()] ?? 1)
  }
  return seconds * 1000
}
