import type { Field } from './static-table.ts'

/** Names in lower case; fields that came several times are joined (RFC 9110 §5.3). */
export type Headers = Readonly<Record<string, string>>

const PSEUDO = {
  request: new Set([':method', ':scheme', ':authority', ':path', ':protocol']),
  response: new Set([':status']),
}
/** Of one connection of HTTP/1.1 (RFC 9113 §8.2.2). */
const NOT_HERE = new Set(['connection', 'proxy-connection', 'keep-alive', 'transfer-encoding', 'upgrade'])
const NAME = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/

/** @returns undefined for a message that is malformed (RFC 9113 §8.1.1, §8.3, §8.5; RFC 8441 §4). */
export function readHeaders(fields: readonly Field[], kind: 'request' | 'response'): Headers | undefined {
  const headers: Record<string, string> = Object.create(null) as Record<string, string>
  let hasRegular = false
  for (const [name, value] of fields) {
    if (name.startsWith(':')) {
      if (hasRegular || name in headers || !PSEUDO[kind].has(name)) return undefined
    } else {
      hasRegular = true
      if (!NAME.test(name) || NOT_HERE.has(name)) return undefined
      if (name === 'te' && value !== 'trailers') return undefined
    }
    if (isForbidden(value)) return undefined
    const before = headers[name]
    headers[name] = before === undefined ? value : `${before}${name === 'cookie' ? '; ' : ', '}${value}`
  }
  return isComplete(headers, kind) ? headers : undefined
}

/** RFC 9113 §8.2.1. */
function isForbidden(value: string): boolean {
  return /[\0\r\n]|^[ \t]|[ \t]$/.test(value)
}

function isComplete(headers: Headers, kind: 'request' | 'response'): boolean {
  if (kind === 'response') return /^[1-5]\d\d$/.test(headers[':status'] ?? '')
  const [method, scheme, path] = [headers[':method'], headers[':scheme'], headers[':path']]
  if (method === undefined) return false
  const isWhole = scheme !== undefined && path !== undefined && path !== ''
  if (headers[':protocol'] !== undefined)
    return method === 'CONNECT' && isWhole && headers[':authority'] !== undefined
  return method === 'CONNECT'
    ? scheme === undefined && path === undefined && headers[':authority'] !== undefined
    : isWhole
}
