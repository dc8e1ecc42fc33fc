import type { Place } from './config-error.ts'
import { expandTokens } from './expand.ts'
import type { ConfigLine } from './parse-config.ts'

export interface Setting extends Place {
  readonly words: readonly string[]
  readonly rest: string
}

/** Of these every matching line counts, not only the first. */
const LISTS = new Set(['identityfile', 'certificatefile'])

/** ProxyJump and ProxyCommand compete: whichever comes first wins. */
const SAME_SETTING: Readonly<Record<string, string>> = { proxycommand: 'proxyjump' }

/** Values as they stand in the files, gathered for one host: of each setting the first one wins. */
export class Collected {
  private readonly settings = new Map<string, (Setting & { readonly keyword: string })[]>()

  add(line: ConfigLine): void {
    const key = SAME_SETTING[line.keyword] ?? line.keyword
    const present = this.settings.get(key) ?? []
    if (present.length > 0 && !LISTS.has(key)) return
    if (present.some(({ rest }) => rest === line.rest)) return
    this.settings.set(key, [...present, line])
  }

  first(keyword: string): (Setting & { readonly keyword: string }) | undefined {
    return this.settings.get(keyword)?.[0]
  }

  all(keyword: string): readonly Setting[] {
    return this.settings.get(keyword) ?? []
  }

  word(keyword: string): string | undefined {
    return this.first(keyword)?.words[0]
  }

  /** The name to connect to as far as it is known. */
  hostName(originalHost: string): string {
    const setting = this.first('hostname')
    if (setting === undefined) return originalHost
    return expandTokens(setting.words[0] ?? '', { h: originalHost }, setting)
  }
}
