import { Collected } from './collected.ts'
import { type HostQuery, type MatchPass, matchesHostLine, matchesMatchLine } from './match-line.ts'
import type { ConfigLine } from './parse-config.ts'

/** What was asked for in so many words; it goes before everything in the files. */
export interface Overrides {
  readonly user?: string | undefined
  readonly port?: number | undefined
  readonly identityFile?: string | undefined
  /** `none`, or the jump that stands behind this one in a ProxyJump list. */
  readonly proxyJump?: string | undefined
}

/** Gathers the settings for one host from all files, the user's file first. */
export function collectSettings(
  files: readonly (readonly ConfigLine[])[],
  query: HostQuery,
  overrides: Overrides,
): Collected {
  const collected = new Collected()
  for (const [keyword, value] of Object.entries(overrides)) {
    if (value !== undefined) collected.add(overrideLine(keyword.toLowerCase(), String(value)))
  }
  let needsFinalPass = false
  const run = (isFinal: boolean) => {
    const pass: MatchPass = {
      query,
      collected,
      isFinal,
      wantFinal: () => {
        needsFinalPass = true
      },
    }
    for (const lines of files) collectLines(lines, pass, true)
  }
  run(false)
  if (needsFinalPass) run(true)
  return collected
}

/** In an Include that stands in a block for other hosts no line can match (`isReachable` false). */
function collectLines(lines: readonly ConfigLine[], pass: MatchPass, isReachable: boolean): void {
  let isActive = isReachable
  for (const line of lines) {
    if (line.keyword === 'host') isActive = isReachable && matchesHostLine(line, pass.query)
    else if (line.keyword === 'match') isActive = isReachable && matchesMatchLine(line, pass)
    else if (line.keyword === 'include') {
      for (const included of line.included) collectLines(included, pass, isActive)
    } else if (isActive) pass.collected.add(line)
  }
}

function overrideLine(keyword: string, value: string): ConfigLine {
  return { file: 'the settings', line: 1, keyword, words: [value], rest: value, included: [] }
}
