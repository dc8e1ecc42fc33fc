/** The first word of a line and the text behind it; undefined for an empty line or a comment. */
export function splitKeyword(line: string): { keyword: string; rest: string } | undefined {
  const match = /^[\s\uFEFF]*([^\s="#][^\s="]*)(?:\s*=\s*|\s+|$)(.*?)\s*$/s.exec(line)
  if (match === null) return undefined
  return { keyword: (match[1] ?? '').toLowerCase(), rest: match[2] ?? '' }
}

/**
 * Splits arguments as ssh does (misc.c, argv_split): blanks separate, single and double quotes hold together, a
 * backslash takes the meaning from a quote, a backslash or a blank, and a word that begins with # ends the line.
 * @returns undefined when a quote is never closed
 */
export function splitWords(text: string): string[] | undefined {
  const words: string[] = []
  let word: string | undefined
  let quote: string | undefined
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at)
    const isBlank = character === ' ' || character === '\t'
    if (word === undefined) {
      if (isBlank) continue
      if (character === '#') break
      word = ''
    }
    const next = text.charAt(at + 1)
    if (
      character === '\\' &&
      next !== '' &&
      (`'"\\`.includes(next) || (quote === undefined && next === ' '))
    ) {
      word += next
      at++
    } else if (quote === undefined && isBlank) {
      words.push(word)
      word = undefined
    } else if (quote === undefined && (character === '"' || character === "'")) {
      quote = character
    } else if (character === quote) {
      quote = undefined
    } else {
      word += character
    }
  }
  if (quote !== undefined) return undefined
  if (word !== undefined) words.push(word)
  return words
}

/** Quotes a word so that {@link splitWords} gives it back unchanged. */
export function quoteWord(word: string): string {
  return `"${word.replaceAll(/["'\\]/g, '\\$&')}"`
}
