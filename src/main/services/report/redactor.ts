import { isIP } from 'node:net'
import { isErrorCode } from '../../../shared/errors/codes.ts'

/** What is to be called otherwise wherever it stands. */
export interface KnownNames {
  readonly home: string
  readonly users: readonly string[]
  readonly hosts: readonly string[]
}

/** Whatever looks like a credential, wherever it comes from; the list of the logger is a part of it. */
const SECRETS: readonly RegExp[] = [
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g,
  /\b(?:gh[a-z]_\w{8,}|github_pat_\w{8,}|sb[a-z]_[\w-]{8,}|sk-[\w-]{8,}|tid=[^\s"]{8,})/g,
  /\beyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?/g,
  /\b(?:Bearer|Basic|token)\s+[\w.~+/=;-]{8,}/gi,
  // Secrets of unknown kind: long, and of letters and digits without a system. Paths have slashes more often.
  /(?<![\w+-])(?=[\w+=-]*\d)(?=[\w+=-]*[A-Za-z])[\w+=-]{32,}/g,
  /(?<![\w+/])(?=[\w+/]*\d)(?=[\w+/]*[A-Z])(?=[\w+/]*[a-z])(?=[^/]*(?:\/[^/]*){0,3}(?:[^\w+/]|$))[A-Za-z0-9+/]{40,}={0,2}/g,
]

/** Passwords in URLs, and the values of keys that hold secrets. */
const CREDENTIALS_IN_URL = /(?<=:\/\/)[^\s/@"']+@/g
const SECRET_VALUES =
  /((?:pass(?:word|phrase)?|secret|token|api[_-]?key|authorization|cookie|credential)["']?\s*[:=]\s*["']?)(?!\[redacted\])[^\s"',}]+/gi
const SECRET_KEY = /^(?:pass(?:word|phrase)?|secret|token|api[_-]?key|authorization|cookie|access_token)$/i

/** Names that are the same for everybody and say nothing about anybody. */
const PUBLIC_HOSTS =
  /^(?:localhost|(?:.+\.)?(?:github\.com|githubcopilot\.com|openrouter\.ai|ollama\.com|nodejs\.org|json-schema\.org))$/i

/** What stands behind the last dot of a file, and never behind that of a host of these reports. */
const FILE_ENDINGS =
  /\.(?:json|jsonc|ts|mjs|cjs|js|md|sock|db|log|txt|sh|ya?ml|plist|service|conf|toml|pem|key|pub|html|css|old|new|tmp|zip|gz)$/i

const HOST_NAME = /(?<![\w.-])(?:[a-z0-9](?:[\w-]*[a-z0-9])?\.)+[a-z]{2,24}(?![\w-])/gi
const IP_V4 = /(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.]*\w)/g
const IP_V6 = /(?<![\w:.])[0-9a-f:]*:[0-9a-f:]*:[0-9a-f:.]*(?:%\w+)?(?![\w:])/gi

/**
 * Takes secrets out of a text, and gives machines, people and addresses other names: the same one everywhere, so
 * that one can still see what belongs together.
 */
export class Redactor {
  private readonly home: string
  private readonly known: readonly {
    readonly pattern: RegExp
    readonly kind: 'user' | 'host'
    readonly name: string
  }[]
  private readonly names = new Map<string, string>()
  private readonly counts = new Map<string, number>()
  private redactions = 0

  constructor({ home, hosts, users }: KnownNames) {
    this.home = home
    const longestFirst = (list: readonly string[]) =>
      [...new Set(list)].filter((name) => name !== '').sort((a, b) => b.length - a.length)
    this.known = [
      ...longestFirst(hosts.filter((host) => isIP(host) === 0 && !PUBLIC_HOSTS.test(host))).map((name) => ({
        name,
        kind: 'host' as const,
        pattern: wholeWord(name),
      })),
      ...longestFirst(users).map((name) => ({ name, kind: 'user' as const, pattern: wholeWord(name) })),
    ]
  }

  /** How much was taken out since the last time it was asked. */
  takeCount(): number {
    const count = this.redactions
    this.redactions = 0
    return count
  }

  text(text: string): string {
    let result = text
    for (const pattern of SECRETS) result = this.replace(result, pattern, () => '[redacted]')
    result = this.replace(result, CREDENTIALS_IN_URL, () => '[redacted]@')
    result = result.replace(SECRET_VALUES, (_whole, key: string) => {
      this.redactions += 1
      return `${key}[redacted]`
    })
    if (this.home.length > 1) result = this.replace(result, new RegExp(literal(this.home), 'g'), () => '~')
    for (const { kind, name, pattern } of this.known)
      result = this.replace(result, pattern, () => this.alias(kind, name))
    result = this.replace(result, HOST_NAME, (name) => (isHostName(name) ? this.alias('host', name) : name))
    result = this.replace(result, IP_V4, (address) =>
      isForeignIp(address) ? this.alias('ip', address) : address,
    )
    return this.replace(result, IP_V6, (address) => {
      const [bare = ''] = address.split('%')
      return isForeignIp(bare) ? this.alias('ip', bare) : address
    })
  }

  /** Values only: keys are words of this program. */
  value(value: unknown): unknown {
    if (typeof value === 'string') return this.text(value)
    if (Array.isArray(value)) return value.map((item) => this.value(item))
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => {
        if (!SECRET_KEY.test(key) || typeof inner !== 'string' || inner === '')
          return [key, this.value(inner)]
        this.redactions += 1
        return [key, '[redacted]']
      }),
    )
  }

  private replace(text: string, pattern: RegExp, by: (found: string) => string): string {
    return text.replace(pattern, (found) => {
      const other = by(found)
      if (other !== found) this.redactions += 1
      return other
    })
  }

  /** `host-1` for the first host, and again whenever it comes up. */
  private alias(kind: 'host' | 'user' | 'ip', name: string): string {
    const key = `${kind} ${name.toLowerCase()}`
    const known = this.names.get(key)
    if (known !== undefined) return known
    const number = (this.counts.get(kind) ?? 0) + 1
    this.counts.set(kind, number)
    const alias = `${kind}-${number}`
    this.names.set(key, alias)
    return alias
  }
}

function isHostName(text: string): boolean {
  return !PUBLIC_HOSTS.test(text) && !FILE_ENDINGS.test(text) && !isErrorCode(text)
}

/** Loopback and "any" are the same on every machine. */
function isForeignIp(text: string): boolean {
  if (isIP(text) === 0) return false
  return !/^(?:127\.|0\.0\.0\.0$|::1?$|255\.)/.test(text)
}

function wholeWord(name: string): RegExp {
  return new RegExp(`(?<![\\p{L}\\p{N}_])${literal(name)}(?![\\p{L}\\p{N}_])`, 'giu')
}

function literal(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
