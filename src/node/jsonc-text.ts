import { findNodeAtLocation, type Node, type ParseError, parseTree } from 'jsonc-parser'
import type { Mistake, SettingsPath } from '../shared/settings/mistake.ts'
import { syntaxWords } from './jsonc-words.ts'

/** A text of JSON with comments and trailing commas, or why it is none. */
export type JsoncText =
  | { readonly root: Node }
  | {
      readonly flaw: 'empty' | 'comments-only' | 'too-deep' | 'syntax'
      /** The end of a sentence that begins with the file, or with its line where there is an offset. */
      readonly words: string
      readonly offset?: number
    }

export function parseJsonc(text: string): JsoncText {
  const errors: ParseError[] = []
  let root: Node | undefined
  try {
    root = parseTree(text, errors, { allowTrailingComma: true })
  } catch (error) {
    if (error instanceof RangeError) return { flaw: 'too-deep', words: 'is nested far too deep' }
    throw error
  }
  // Whatever comes after the first error is mostly its consequence.
  const [error] = errors
  if (root === undefined && text.trim() === '') return { flaw: 'empty', words: 'is empty' }
  if (error !== undefined)
    return { flaw: 'syntax', words: `${syntaxWords(error, text)}.`, offset: error.offset }
  return root === undefined ? { flaw: 'comments-only', words: 'holds nothing but comments' } : { root }
}

export type RepeatedKey = Mistake & { readonly offset: number }

/** JSON takes the last of two equal keys without a word; a person has surely overlooked one of them. */
export function repeatedKeys(text: string, node: Node, path: SettingsPath): RepeatedKey[] {
  if (node.type === 'array')
    return (node.children ?? []).flatMap((child, index) => repeatedKeys(text, child, [...path, index]))
  if (node.type !== 'object') return []
  const first = new Map<string, number>()
  return (node.children ?? []).flatMap((property) => {
    const [keyNode, valueNode] = property.children ?? []
    const key = String(keyNode?.value)
    const here = [...path, key]
    const firstLine = first.get(key)
    first.set(key, firstLine ?? lineAt(text, property.offset))
    const inner = valueNode === undefined ? [] : repeatedKeys(text, valueNode, here)
    if (firstLine === undefined) return inner
    const said = { path: here, text: `is here twice, first in line ${firstLine}`, offset: property.offset }
    return [said, ...inner]
  })
}

/** Of the value, its key, or the nearest thing around it that is written down. */
export function offsetOf(root: Node, { path, atKey }: Mistake): number {
  for (let length = path.length; length >= 0; length -= 1) {
    const node = findNodeAtLocation(root, path.slice(0, length) as (string | number)[])
    if (node === undefined) continue
    const isKey = atKey === true && length === path.length
    return (isKey ? node.parent : undefined)?.offset ?? node.offset
  }
  return root.offset
}

/** Counted from 1. */
export function lineAt(text: string, offset: number): number {
  return linesUntil(text, offset).length
}

/** Counted from 1, in characters as an editor counts them. */
export function columnAt(text: string, offset: number): number {
  return (linesUntil(text, offset).at(-1)?.length ?? 0) + 1
}

function linesUntil(text: string, offset: number): string[] {
  return text.slice(0, offset).split(/\r\n|\r|\n/)
}
