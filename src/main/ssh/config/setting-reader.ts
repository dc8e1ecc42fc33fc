import type { UnknownHosts } from '../resolved-host.ts'
import type { Collected } from './collected.ts'
import { configError } from './config-error.ts'
import { expandEnv, expandHome, expandPath, type TokenValues } from './expand.ts'
import { readCount, readDurationMs, readFlag } from './values.ts'

const WINDOWS_AGENT = '\\\\.\\pipe\\openssh-ssh-agent'

/** Reads settings that are paths. */
export class PathReader {
  private readonly collected: Collected
  private readonly tokens: TokenValues
  private readonly env: Readonly<Record<string, string | undefined>>

  constructor(collected: Collected, tokens: TokenValues, env: Readonly<Record<string, string | undefined>>) {
    this.collected = collected
    this.tokens = tokens
    this.env = env
  }

  /** A setting that may stand more than once; undefined when it does not stand at all. */
  many(keyword: string): readonly string[] | undefined {
    const settings = this.collected.all(keyword)
    if (settings.length === 0) return undefined
    return settings
      .filter(({ words }) => words[0]?.toLowerCase() !== 'none')
      .map((setting) => expandPath(setting.words[0] ?? '', this.tokens, this.env, setting))
  }

  /** A setting with several paths in one line. */
  words(keyword: string): readonly string[] | undefined {
    const setting = this.collected.first(keyword)
    if (setting === undefined) return undefined
    return setting.words
      .filter((word) => word.toLowerCase() !== 'none')
      .map((word) => expandPath(word, this.tokens, this.env, setting))
  }

  /** Several paths in one line in which ssh knows no tokens; `~` is a courtesy of ours. */
  unexpanded(keyword: string): readonly string[] | undefined {
    return this.collected
      .first(keyword)
      ?.words.filter((word) => word.toLowerCase() !== 'none')
      .map((word) => expandHome(word, this.tokens.home))
  }

  agent(): string | undefined {
    const fromEnv = this.env.SSH_AUTH_SOCK || undefined
    const setting = this.collected.first('identityagent')
    const text = setting?.words[0]
    if (setting === undefined || text === undefined || text === 'SSH_AUTH_SOCK') {
      return fromEnv ?? (process.platform === 'win32' ? WINDOWS_AGENT : undefined)
    }
    if (text.toLowerCase() === 'none') return undefined
    const variable = /^\$(\w+)$/.exec(text)?.[1]
    return variable === undefined
      ? expandPath(text, this.tokens, this.env, setting)
      : expandEnv(`\${${variable}}`, this.env, setting)
  }
}

export function flagOf(collected: Collected, keyword: string): boolean {
  const setting = collected.first(keyword)
  return setting !== undefined && readFlag(setting.words[0] ?? '', keyword, setting)
}

const STRICTNESS: Readonly<Record<string, UnknownHosts>> = {
  yes: 'refuse',
  true: 'refuse',
  'accept-new': 'accept',
  ask: 'ask',
  // ssh would take any key then, which nobody who thinks about it wants.
  no: 'ask',
  false: 'ask',
  off: 'ask',
}

export function unknownHostsOf(collected: Collected): UnknownHosts {
  const setting = collected.first('stricthostkeychecking')
  if (setting === undefined) return 'ask'
  const word = setting.words[0] ?? ''
  const meant = STRICTNESS[word.toLowerCase()]
  if (meant !== undefined) return meant
  throw configError(setting, `StrictHostKeyChecking takes yes, no, ask or accept-new, not "${word}".`)
}

export function countOf(collected: Collected, keyword: string, otherwise: number): number {
  const setting = collected.first(keyword)
  return setting === undefined ? otherwise : readCount(setting.words[0] ?? '', keyword, setting)
}

/** 0 where nothing is said. */
export function durationMsOf(collected: Collected, keyword: string): number {
  const setting = collected.first(keyword)
  const text = setting?.words[0]
  if (setting === undefined || text === undefined || text === 'none') return 0
  return readDurationMs(text, keyword, setting)
}
