import { findNodeAtLocation, getNodeValue, type Node, type ParseError, parseTree } from 'jsonc-parser'
import { syntaxWords } from '../../node/jsonc-words.ts'
import { AppError } from '../../shared/errors/app-error.ts'
import { formatPath, type Mistake, type SettingsPath } from '../../shared/settings/mistake.ts'
import { readSettings } from '../../shared/settings/read-settings.ts'
import { SETTINGS_VERSION, type Settings } from '../../shared/settings/schema.ts'

/** As many as fit on a screen; the rest is counted. */
const MOST_MISTAKES_LISTED = 20

export interface ParsedSettings {
  readonly settings: Settings
  readonly migratedFrom?: number
  /** Where a path of the settings is in the text. */
  readonly pathInFile: (path: SettingsPath) => SettingsPath
}

/**
 * Reads the text of a settings file: JSON with comments and trailing commas.
 *
 * @param name how messages call the file.
 * @throws AppError `settings.invalid` naming every mistake with its line, or `settings.from-the-future`.
 */
export function parseSettings(text: string, name: string): ParsedSettings {
  const root = parseJson(text, name)
  const value: unknown = getNodeValue(root)
  const repeated = repeatedKeys(text, root, [])
  const reading = readSettings(value)
  if (reading.kind === 'from-the-future')
    throw new AppError(
      'settings.from-the-future',
      `${name} has version ${reading.version}, and this program knows versions up to ${SETTINGS_VERSION}.`,
    )
  const mistakes = [...repeated, ...(reading.kind === 'mistakes' ? reading.mistakes : [])]
  if (mistakes.length > 0) throw invalid(name, text, root, mistakes)
  if (reading.kind === 'settings') return reading
  throw new AppError('settings.invalid', `${name} cannot be understood.`)
}

function parseJson(text: string, name: string): Node {
  const errors: ParseError[] = []
  let root: Node | undefined
  try {
    root = parseTree(text, errors, { allowTrailingComma: true })
  } catch (error) {
    if (error instanceof RangeError)
      throw new AppError('settings.invalid', `${name} is nested far too deep.`, { cause: error })
    throw error
  }
  // Whatever comes after the first error is mostly its consequence.
  const [error] = errors
  if (root === undefined && text.trim() === '')
    throw new AppError('settings.invalid', `${name} is empty.`, {
      remedy: 'Write {} into it to use the defaults, or delete it.',
    })
  if (error !== undefined)
    throw new AppError(
      'settings.invalid',
      `${name} line ${lineAt(text, error.offset)}: ${syntaxWords(error, text)}.`,
    )
  if (root === undefined) throw new AppError('settings.invalid', `${name} holds nothing but comments.`)
  return root
}

/** JSON takes the last of two equal keys without a word; a person has surely overlooked one of them. */
function repeatedKeys(text: string, node: Node, path: SettingsPath): RepeatedKey[] {
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

type RepeatedKey = Mistake & { readonly offset: number }

function invalid(
  name: string,
  text: string,
  root: Node,
  mistakes: readonly (Mistake | RepeatedKey)[],
): AppError {
  const lines = mistakes
    .map((mistake) => {
      const line = lineAt(text, 'offset' in mistake ? mistake.offset : offsetOf(root, mistake))
      const place = formatPath(mistake.path)
      return { line, text: `${name} line ${line}: ${place === '' ? '' : `${place}: `}${mistake.text}` }
    })
    .sort((a, b) => a.line - b.line)
    .map((mistake) => mistake.text)
  const more = lines.length - MOST_MISTAKES_LISTED
  const shown = lines.slice(0, MOST_MISTAKES_LISTED)
  if (more > 0) shown.push(`and ${more} more`)
  return new AppError(
    'settings.invalid',
    shown.join('\n'),
    lines.length === 1
      ? {}
      : { remedy: 'Correct the named lines, or delete the keys to use their defaults.' },
  )
}

/** Of the value, its key, or the nearest thing around it that is written down. */
function offsetOf(root: Node, { path, atKey }: Mistake): number {
  for (let length = path.length; length >= 0; length -= 1) {
    const node = findNodeAtLocation(root, path.slice(0, length) as (string | number)[])
    if (node === undefined) continue
    const isKey = atKey === true && length === path.length
    return (isKey ? node.parent : undefined)?.offset ?? node.offset
  }
  return root.offset
}

/** Counted from 1. */
function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split(/\r\n|\r|\n/).length
}
