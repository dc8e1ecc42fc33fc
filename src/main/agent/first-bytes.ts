/**
 * What a connection turns out to be, told from as few bytes as will do (RFC 9112 §2.2 and §3.2):
 * - `relay`: a path on this server (origin-form) or `*` (asterisk-form)
 * - `proxy`: a whole URL (absolute-form) or CONNECT
 * - `tls`, `http2`, `garbage`: nothing that is understood here
 */
export type Opening = 'relay' | 'proxy' | 'tls' | 'http2' | 'garbage'

/** Nothing of what tells the forms apart lies further in; longer methods and schemes do not exist. */
export const LONGEST_OPENING_BYTES = 128

const BEFORE_TARGET = /^(?:\r?\n){0,4}([!#$%&'*+.^_`|~0-9A-Za-z-]{1,32})( ?)/
const UNFINISHED = /^(?:\r?\n){0,4}\r?$/
const SCHEME = /^[A-Za-z][A-Za-z0-9+.-]{0,31}/

/** @returns undefined while more bytes are needed. */
export function classifyOpening(bytes: Buffer): Opening | undefined {
  // A TLS record of type handshake, version 3.x (RFC 8446 §5.1).
  if (bytes[0] === 0x16) return bytes.length > 1 ? (bytes[1] === 3 ? 'tls' : 'garbage') : undefined
  const text = bytes.toString('latin1', 0, LONGEST_OPENING_BYTES)
  const start = BEFORE_TARGET.exec(text)
  if (start === null) return UNFINISHED.test(text) ? undefined : 'garbage'
  const [whole, method, space] = start
  const target = text.slice(whole.length)
  if (space === '') return target === '' && (method?.length ?? 0) < 32 ? undefined : 'garbage'
  if (method === 'PRI') return 'http2'
  if (method === 'CONNECT') return target === '' ? undefined : 'proxy'
  return classifyTarget(target)
}

function classifyTarget(target: string): Opening | undefined {
  if (target === '') return undefined
  if (target.startsWith('/') || target.startsWith('*')) return 'relay'
  const scheme = SCHEME.exec(target)?.[0] ?? ''
  const after = target.slice(scheme.length)
  if (scheme === '') return 'garbage'
  if (after === '') return scheme.length < 32 ? undefined : 'garbage'
  return after.startsWith(':') ? 'proxy' : 'garbage'
}
