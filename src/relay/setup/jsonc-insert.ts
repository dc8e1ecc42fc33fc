import { createScanner, type Node } from 'jsonc-parser'

// jsonc-parser's own formatting of an insertion also reformats the neighbours on the line, which are not ours.

/** SyntaxKind is a const enum of jsonc-parser, which cannot be imported under isolatedModules. */
const CLOSE_BRACE = 2
const COMMA = 5
const LINE_COMMENT = 12
const BLOCK_COMMENT = 13
const LINE_BREAK = 14
const END_OF_FILE = 17

export interface Layout {
  readonly eol: string
  /** One level of indentation. */
  readonly unit: string
}

/** Adds a property at the end of an object; nothing but commas and line breaks next to it changes. */
export function insertProperty(
  text: string,
  object: Node,
  key: string,
  value: unknown,
  { eol, unit }: Layout,
): string {
  const last = object.children?.at(-1)
  const outer = indentAt(text, object.offset)
  const inner =
    last !== undefined && startsItsLine(text, last.offset) ? indentAt(text, last.offset) : outer + unit
  const property = `${JSON.stringify(key)}: ${valueText(value, inner, { eol, unit })}`
  if (last === undefined) {
    const after = object.offset + 1
    const isOnOneLine = !text.slice(after, object.offset + object.length).includes('\n')
    return `${text.slice(0, after)}${eol}${inner}${property}${isOnOneLine ? eol + outer : ''}${text.slice(after)}`
  }
  const tail = tailOf(text, last.offset + last.length)
  const rest = text.slice(tail.at)
  const beforeTail = text.slice(last.offset + last.length, tail.at)
  const comma = tail.hasComma ? '' : ','
  return [
    text.slice(0, last.offset + last.length),
    comma,
    tail.closesOnSameLine ? beforeTail.trimEnd() : beforeTail,
    `${eol}${inner}${property}`,
    tail.hasComma ? ',' : '',
    tail.closesOnSameLine ? `${eol}${outer}${rest.trimStart()}` : rest,
  ].join('')
}

/** Puts another value in the place of one. */
export function replaceValue(text: string, node: Node, value: unknown, layout: Layout): string {
  const replacement = valueText(value, indentAt(text, node.offset), layout)
  return text.slice(0, node.offset) + replacement + text.slice(node.offset + node.length)
}

function valueText(value: unknown, indent: string, { eol, unit }: Layout): string {
  return JSON.stringify(value, null, unit).replaceAll('\n', `${eol}${indent}`)
}

/** What follows the last property of an object: its comma, and comments that stand on the same line. */
function tailOf(
  text: string,
  end: number,
): { readonly at: number; readonly hasComma: boolean; readonly closesOnSameLine: boolean } {
  const scanner = createScanner(text, false)
  scanner.setPosition(end)
  let at = end
  let hasComma = false
  let sawLineBreak = false
  for (;;) {
    const token: number = scanner.scan()
    if (token === CLOSE_BRACE || token === END_OF_FILE) break
    const tokenEnd = scanner.getTokenOffset() + scanner.getTokenLength()
    if (token === LINE_BREAK) sawLineBreak = true
    if (token === COMMA) hasComma = true
    const isComment = token === LINE_COMMENT || token === BLOCK_COMMENT
    if (token === COMMA || (isComment && !sawLineBreak)) at = tokenEnd
  }
  return { at, hasComma, closesOnSameLine: !sawLineBreak }
}

function lineStart(text: string, offset: number): number {
  return text.lastIndexOf('\n', offset - 1) + 1
}

function indentAt(text: string, offset: number): string {
  return /^[ \t]*/.exec(text.slice(lineStart(text, offset), offset))?.[0] ?? ''
}

function startsItsLine(text: string, offset: number): boolean {
  return text.slice(lineStart(text, offset), offset).trim() === ''
}
