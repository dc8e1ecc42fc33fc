import { isIP } from 'node:net'
import { domainToASCII } from 'node:url'
import { AppError } from '../../shared/errors/app-error.ts'

export type CertificateKind = 'agent' | 'server'

/** What the settings of an agent expect the server to be called, unless they say otherwise. */
export const DEFAULT_SERVER_NAME = 'sovereign-tunnel-server'

/** One entry of a subject alternative name. */
export interface SubjectName {
  readonly type: 'dns' | 'uri' | 'ip'
  readonly value: string
}

/** Letters, digits and hyphens, as RFC 1123 §2.1 lets a host be called; a common name holds at most 64. */
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/
const MAX_NAME = 63
const IDENTITY = /^sovereign:\/\/(agent|server)\/([^/?#]+)$/

/**
 * A name that is also a DNS name and a folder on every system.
 *
 * @throws AppError `certs.request-invalid`
 */
export function checkedName(text: string): string {
  if (isName(text)) return text
  const better = suggestion(text)
  throw new AppError(
    'certs.request-invalid',
    `${JSON.stringify(text)} cannot be the name of a certificate.`,
    {
      remedy: `Use small letters, digits and hyphens, at most ${MAX_NAME}${better === undefined ? '' : `, such as "${better}"`}.`,
    },
  )
}

export function isName(text: string): boolean {
  return text.length <= MAX_NAME && isDnsName(text)
}

function isDnsName(text: string): boolean {
  // A last label of digits alone is read as an address (WHATWG URL, "ends in a number").
  return text.split('.').every((label) => LABEL.test(label)) && !/(?:^|\.)\d+$/.test(text)
}

function suggestion(text: string): string | undefined {
  const better = text
    .normalize('NFKD')
    .toLowerCase()
    .replace(/\p{M}+/gu, '')
    .replace(/[^a-z0-9.]+|\.(?=\d+$)/g, '-')
    .replace(/^[-.]+|[-.]+$/g, '')
    .slice(0, MAX_NAME)
  return isDnsName(better) ? better : undefined
}

/** `sovereign://agent/laptop` */
export function identityOf(kind: CertificateKind, name: string): string {
  return `sovereign://${kind}/${name}`
}

/** The subject alternative names of a certificate, its identity first and none of them twice. */
export function allNames(
  kind: CertificateKind,
  name: string,
  extra: readonly SubjectName[],
): readonly SubjectName[] {
  const all: SubjectName[] = [
    { type: 'uri', value: identityOf(kind, name) },
    { type: 'dns', value: name },
    ...extra,
  ]
  return [...new Map(all.map((one) => [`${one.type}:${one.value}`, one])).values()]
}

/** `an agent`, `a server` */
export function aKind(kind: CertificateKind): string {
  return kind === 'agent' ? 'an agent' : 'a server'
}

/** The other way round; undefined for what is no identity of ours. */
export function readIdentity(
  names: readonly SubjectName[],
): { readonly kind: CertificateKind; readonly name: string } | undefined {
  for (const { type, value } of names) {
    const [, kind, name] = (type === 'uri' && IDENTITY.exec(value)) || []
    if ((kind === 'agent' || kind === 'server') && name !== undefined) return { kind, name }
  }
  return undefined
}

/**
 * What `--san` takes: a host name, an address or a URI, with or without `DNS:`, `IP:` or `URI:` before it.
 *
 * @throws AppError `certs.request-invalid`
 */
export function parseSubjectName(text: string): SubjectName {
  const [, kind, value = ''] = /^(?:(dns|ip|uri):)?(.*)$/is.exec(text.trim()) ?? []
  const wanted = kind?.toLowerCase()
  const found = addressOf(value) ?? uriOf(value) ?? hostOf(value)
  if (found !== undefined && (wanted === undefined || wanted === found.type)) return found
  throw new AppError(
    'certs.request-invalid',
    `${JSON.stringify(text)} is no host name, address or URI for a certificate.`,
    { remedy: 'Use a name such as tunnel.example.com, or an address such as 192.0.2.7.' },
  )
}

function addressOf(value: string): SubjectName | undefined {
  const bare = value.replace(/^\[(.*)\]$/, '$1')
  return isIP(bare) > 0 && !bare.includes('%') ? { type: 'ip', value: bare } : undefined
}

function uriOf(value: string): SubjectName | undefined {
  if (!/^[a-z][a-z0-9+.-]*:\/\/[!-~]+$/i.test(value) || !URL.canParse(value)) return undefined
  if (value.toLowerCase().startsWith('sovereign:'))
    throw new AppError('certs.request-invalid', `${value} is an identity, and those cannot be added.`, {
      remedy: 'Issue a certificate of its own to every agent and server.',
    })
  return { type: 'uri', value }
}

function hostOf(value: string): SubjectName | undefined {
  const ascii = domainToASCII(value.replace(/\.$/, ''))
  return ascii.length <= 253 && isDnsName(ascii) ? { type: 'dns', value: ascii } : undefined
}

/**
 * The names in the text that Node makes of a subject alternative name, such as `DNS:a.example, URI:sovereign://agent/a`.
 * Node writes a value as a JSON string where it could be mistaken for several (CVE-2021-44532).
 */
export function subjectNames(text: string | undefined): readonly SubjectName[] {
  const entries = (text ?? '').match(/[^:,\s][^:,]*:(?:"(?:[^"\\]|\\.)*"|[^,]*)/g) ?? []
  return entries.flatMap((entry): SubjectName[] => {
    const end = entry.indexOf(':')
    const type = TYPES[entry.slice(0, end)]
    if (type === undefined) return []
    const raw = entry.slice(end + 1)
    return [{ type, value: raw.startsWith('"') ? unquoted(raw) : raw }]
  })
}

const TYPES: Readonly<Record<string, SubjectName['type']>> = {
  DNS: 'dns',
  URI: 'uri',
  'IP Address': 'ip',
}

function unquoted(raw: string): string {
  try {
    return String(JSON.parse(raw))
  } catch {
    // No JSON after all: kept as it is, which is no name that anybody is allowed by.
    return raw
  }
}
