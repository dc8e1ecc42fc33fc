/** Quotes a word for systemd.syntax(7); `%` would start a specifier. */
export function quoteUnitWord(word: string): string {
  if (/[\r\n\0]/.test(word)) throw new TypeError('A unit cannot hold a line break.')
  const escaped = word.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('%', '%%')
  return /^[\w/.:=@+%-]+$/.test(escaped) ? escaped : `"${escaped}"`
}

/** In a command line `$` stands for a variable too. */
export function quoteUnitCommand(words: readonly string[]): string {
  return words.map((word) => quoteUnitWord(word).replaceAll('$', '$$$$')).join(' ')
}
