import type { SubjectName } from '../node/pki/names.ts'
import { AppError } from '../shared/errors/app-error.ts'

/** Which agents may come in, by the names in their certificates. */
export interface AllowList {
  /** @returns the name by which it is allowed, or undefined when none is. */
  match(names: readonly SubjectName[]): string | undefined
}

/**
 * One rule for each name: `laptop.example` or `*.example` for a DNS name, `sovereign://agent/laptop` or
 * `sovereign://agent/*` for a URI; `dns:` and `uri:` may stand before it. An asterisk stands for what has no dot in a
 * DNS name and no slash in a URI.
 *
 * @throws AppError `tunnel.config-invalid` for an empty list: it would let in everybody whom the authority ever signed.
 */
export function parseAllowList(rules: readonly string[]): AllowList {
  if (rules.length === 0)
    throw new AppError('tunnel.config-invalid', 'No agent is allowed: the list "allow" is empty.', {
      remedy: 'Name the agents in it, for example "sovereign://agent/laptop".',
    })
  const patterns = rules.map(parseRule)
  return {
    match(names) {
      return names.find(({ type, value }) =>
        patterns.some((pattern) => pattern.type === type && pattern.matches(value)),
      )?.value
    },
  }
}

interface Pattern {
  readonly type: 'dns' | 'uri'
  matches(value: string): boolean
}

function parseRule(rule: string): Pattern {
  const [, prefix, text = ''] = /^(?:(dns|uri):)?(.+)$/is.exec(rule.trim()) ?? []
  const type = prefix?.toLowerCase() ?? (text.includes('://') ? 'uri' : 'dns')
  const isName = type === 'uri' ? /^[a-z][a-z0-9+.-]*:[!-~]+$/i : /^[a-z0-9*](?:[a-z0-9.*-]*[a-z0-9*])?$/i
  if (!isName.test(text) || (type !== 'uri' && type !== 'dns'))
    throw new AppError('tunnel.config-invalid', `${JSON.stringify(rule)} in "allow" is no DNS name or URI.`)
  const [wild, flags] = type === 'uri' ? ['[^/]+', ''] : ['[^.]+', 'i']
  const source = text
    .split('*')
    .map((part) => part.replace(/[.+?^${}()|[\]\\/]/g, '\\$&'))
    .join(wild)
  const expression = new RegExp(`^${source}$`, flags)
  return { type, matches: (value) => expression.test(value) }
}
