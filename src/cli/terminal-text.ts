/** What a piece of text is for; the colour only repeats what words and symbols say. */
export type Tone = 'title' | 'quiet' | 'good' | 'busy' | 'bad' | 'ask'
export type Span = string | readonly [text: string, tone: Tone]
export type Line = readonly Span[]

export interface TextStyle {
  /** Columns. */
  readonly width: number
  readonly color: boolean
}

const ESC = '\u001b'
/** Only the sixteen colours that every terminal theme sets readable. */
const SGR: Readonly<Record<Tone, number>> = { title: 1, quiet: 2, good: 32, busy: 33, bad: 31, ask: 36 }

/**
 * Control characters, line breaks, invisible and direction-changing characters, lone surrogates and private use:
 * whatever could move the cursor, hide text or turn it around.
 */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\u115F\u1160\u3164\uFFA0]|\u034F/gu
const MARK_PILES = /(\p{M}{2})\p{M}+/gu
const MARK = /^\p{M}$/u
const WIDE =
  /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\u3000-\u303E\uFF01-\uFF60\uFFE0-\uFFE6]$/u

/** Text of others, made harmless for a terminal: what is not shown as itself becomes `�`. */
export function plainText(text: string): string {
  return text
    .normalize('NFC')
    .replace(/[\t\n]+/g, ' ')
    .replace(UNSAFE, '\uFFFD')
    .replace(MARK_PILES, '$1')
}

/** Columns that a harmless text takes. */
export function textWidth(text: string): number {
  let width = 0
  for (const character of text) width += characterWidth(character)
  return width
}

function characterWidth(character: string): number {
  if (character < '\u0300') return 1
  if (MARK.test(character)) return 0
  return WIDE.test(character) ? 2 : 1
}

/** Cuts off what does not fit and says so with `…`. */
export function truncate(text: string, width: number): string {
  if (textWidth(text) <= width) return text
  let kept = ''
  let used = 0
  for (const character of text) {
    used += characterWidth(character)
    if (used > width - 1) break
    kept += character
  }
  return width > 0 ? `${kept}…` : ''
}

/** Exactly this many columns: cut off or filled with blanks. */
export function column(text: string, width: number): string {
  const short = truncate(plainText(text), width)
  return short + ' '.repeat(width - textWidth(short))
}

/** At most `maxLines` lines of whole words; what is left over ends in `…`. */
export function wrap(text: string, width: number, maxLines: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of plainText(text).split(/ +/)) {
    const longer = line === '' ? word : `${line} ${word}`
    if (line === '' || textWidth(longer) <= width) line = longer
    else {
      lines.push(line)
      line = word
    }
  }
  lines.push(line)
  const rest = lines.slice(maxLines - 1).join(' ')
  const kept = lines.length > maxLines ? [...lines.slice(0, maxLines - 1), rest] : lines
  return kept.map((part) => truncate(part, width))
}

/** One line for the terminal: harmless, no wider than it may be, no blanks at its end. */
export function renderLine(line: Line, { width, color }: TextStyle): string {
  let left = width
  let out = ''
  for (const span of line) {
    const [raw, tone] = typeof span === 'string' ? [span, undefined] : span
    const text = truncate(plainText(raw), left)
    left -= textWidth(text)
    out += color && tone !== undefined && text.trim() !== '' ? `${ESC}[${SGR[tone]}m${text}${ESC}[0m` : text
    if (left <= 0) break
  }
  return out.trimEnd()
}
