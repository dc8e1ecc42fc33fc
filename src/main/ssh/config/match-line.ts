import type { Collected } from './collected.ts'
import { configError, type Place } from './config-error.ts'
import type { ConfigLine } from './parse-config.ts'
import { matchesAny, matchesHostList, matchesPattern } from './patterns.ts'

/** Whom a configuration is asked about. */
export interface HostQuery {
  /** As the user wrote it, without user and port. */
  readonly host: string
  readonly localUser: string
}

/** Whether a `Host` line is for this host: one pattern fits and none with `!` does. */
export function matchesHostLine(line: ConfigLine, { host }: HostQuery): boolean {
  if (line.words.includes('')) throw configError(line, 'Host has an empty pattern.')
  return matchesAny(host, line.words)
}

export interface MatchPass {
  readonly query: HostQuery
  readonly collected: Collected
  /** The second reading, which `Match final` asks for. */
  readonly isFinal: boolean
  readonly wantFinal: () => void
}

/** Whether all criteria of a `Match` line hold (ssh_config(5), Match). */
export function matchesMatchLine(line: ConfigLine, pass: MatchPass): boolean {
  const criteria = readCriteria(line)
  if (criteria.length === 0) throw configError(line, 'Match has no criterion.')
  const others = criteria.filter(({ name }) => name !== 'all')
  if (
    others.length < criteria.length &&
    others.some(({ name }) => name !== 'canonical' && name !== 'final')
  ) {
    throw configError(line, '"Match all" cannot be combined with other criteria.')
  }
  let isMatch = true
  for (const criterion of criteria) {
    // As in ssh, a command is only wanted when nothing before it has decided.
    if (criterion.name === 'exec' && !isMatch) continue
    if (holds(criterion, pass, line) === criterion.isNegated) isMatch = false
  }
  return isMatch
}

interface Criterion {
  readonly name: string
  readonly isNegated: boolean
  readonly value: string
}

const WITHOUT_VALUE = new Set(['all', 'canonical', 'final'])

function readCriteria(line: ConfigLine): Criterion[] {
  const words = [...line.rest.matchAll(/\s*(#.*|"([^"]*)"|[^\s="]+)(?:\s*=\s*|\s+|$)/gy)]
    .map(([, word = '', quoted]) => quoted ?? word)
    .filter((word) => !word.startsWith('#'))
  const criteria: Criterion[] = []
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? ''
    const isNegated = word.startsWith('!')
    const name = word.slice(isNegated ? 1 : 0).toLowerCase()
    if (WITHOUT_VALUE.has(name)) {
      criteria.push({ name, isNegated, value: '' })
      continue
    }
    const value = words[++at]
    if (value === undefined || value === '') throw configError(line, `Match ${name} has no value.`)
    criteria.push({ name, isNegated, value })
  }
  return criteria
}

function holds({ name, value }: Criterion, pass: MatchPass, place: Place): boolean {
  const { query, collected } = pass
  switch (name) {
    case 'all':
      return true
    case 'final':
      pass.wantFinal()
      return pass.isFinal
    case 'canonical':
      return pass.isFinal
    case 'host':
      return matchesHostList(collected.hostName(query.host), value)
    case 'originalhost':
      return matchesHostList(query.host, value)
    case 'user':
      return matchesAny(collected.word('user') ?? query.localUser, value.split(','))
    case 'localuser':
      return matchesAny(query.localUser, value.split(','))
    case 'tagged':
      return value.split(',').some((tag) => matchesPattern(collected.word('tag') ?? '', tag))
    case 'exec':
      throw configError(
        place,
        '"Match exec" would run a command to decide, which Sovereign Bridge does not do.',
        'Use Match host or Match originalhost there, or put a Host block for this host above that line.',
      )
    default:
      throw configError(place, `Match ${name} is not supported.`)
  }
}
