import { type ParseError, printParseErrorCode } from 'jsonc-parser'

/** What is wrong with a JSON file, for a person who wrote it by hand; the end of a sentence that names the place. */
export function syntaxWords({ error, offset }: ParseError, text: string): string {
  const name = printParseErrorCode(error)
  const isAtEnd = text.slice(offset).trim() === ''
  const missing = MISSING[name]
  if (missing !== undefined && isAtEnd) return `the file ends in the middle, ${missing} is missing`
  return SYNTAX_WORDS[name] ?? `this is no JSON (${name})`
}

const MISSING: Readonly<Record<string, string>> = {
  CloseBraceExpected: 'a }',
  CloseBracketExpected: 'a ]',
  ValueExpected: 'a value',
  ColonExpected: 'a colon and a value',
  PropertyNameExpected: 'a }',
}

const SYNTAX_WORDS: Readonly<Record<string, string>> = {
  CloseBraceExpected: 'a comma or a } is missing',
  CloseBracketExpected: 'a comma or a ] is missing',
  CommaExpected: 'a comma is missing before this',
  ColonExpected: 'a colon is missing after the key',
  PropertyNameExpected: 'a key in double quotes belongs here',
  ValueExpected: 'a value is missing',
  UnexpectedEndOfString: 'the closing double quote is missing',
  UnexpectedEndOfComment: 'the comment is not closed with */',
  EndOfFileExpected: 'something follows after the end',
  InvalidSymbol: 'this is neither a text in double quotes, a number, true, false nor null',
  InvalidEscapeCharacter: 'a backslash in a text has to be written twice: \\\\',
}
