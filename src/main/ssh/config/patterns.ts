/** Whether a text fits a pattern with `*` and `?`; upper and lower case differ (ssh_config(5), PATTERNS). */
export function matchesPattern(text: string, pattern: string): boolean {
  // Walks both with one point to come back to, so that no pattern takes more than length × length steps.
  let at = 0
  let patternAt = 0
  let starAt = -1
  let retryAt = 0
  while (at < text.length) {
    const symbol = pattern.charAt(patternAt)
    if (symbol === '*') {
      starAt = patternAt++
      retryAt = at
    } else if (patternAt < pattern.length && (symbol === '?' || symbol === text.charAt(at))) {
      at++
      patternAt++
    } else if (starAt >= 0) {
      patternAt = starAt + 1
      at = ++retryAt
    } else {
      return false
    }
  }
  while (pattern.charAt(patternAt) === '*') patternAt++
  return patternAt === pattern.length
}

/** A list is fitted by one of its patterns, unless a pattern with `!` in front fits too. */
export function matchesAny(text: string, patterns: readonly string[]): boolean {
  if (patterns.some((pattern) => pattern.startsWith('!') && matchesPattern(text, pattern.slice(1))))
    return false
  return patterns.some((pattern) => !pattern.startsWith('!') && matchesPattern(text, pattern))
}

/** Host names have no case: both sides are compared in lower case. `list` is separated by commas. */
export function matchesHostList(host: string, list: string): boolean {
  return matchesAny(host.toLowerCase(), list.toLowerCase().split(','))
}
