import { isDeepStrictEqual } from 'node:util'
import { applyEdits, type FormattingOptions, modify } from 'jsonc-parser'
import type { SettingsPath } from '../../shared/settings/mistake.ts'
import type { Settings } from '../../shared/settings/schema.ts'
import { type ParsedSettings, parseSettings } from './settings-text.ts'

interface Change {
  readonly path: SettingsPath
  readonly value: unknown
  /** Puts the value into a list instead of replacing what is there. */
  readonly isInsertion?: boolean
}

/** Changes only what differs, so that comments, order and spacing of the rest survive. */
export function editSettingsText(text: string, before: ParsedSettings, settings: Settings): string {
  const changes = changesBetween(before.settings, settings, [])
  if (before.migratedFrom !== undefined && !fitsShortForm(settings)) return asText(settings)
  const formattingOptions = formattingOf(text)
  const edited = changes.reduce((current, { path, value, isInsertion = false }) => {
    const options = { formattingOptions, isArrayInsertion: isInsertion }
    const edits = modify(current, [...before.pathInFile(path)], value, options)
    return applyEdits(current, edits)
  }, text)
  // An edit inside something that was left to its default may not say everything.
  return says(edited, settings) ? edited : asText(settings)
}

/** The short form is one profile with the default name. */
function fitsShortForm({ profiles }: Settings): boolean {
  return profiles.length === 1 && profiles[0]?.name === 'default'
}

function says(text: string, settings: Settings): boolean {
  try {
    return isDeepStrictEqual(plain(parseSettings(text, 'settings').settings), plain(settings))
  } catch {
    return false
  }
}

function asText(settings: Settings): string {
  return `${JSON.stringify(settings, null, 2)}\n`
}

function changesBetween(before: unknown, after: unknown, path: SettingsPath): Change[] {
  if (isDeepStrictEqual(plain(before), plain(after))) return []
  if (Array.isArray(before) && Array.isArray(after) && before.length > 0)
    return listChanges(before, after, path)
  if (!isObject(before) || !isObject(after)) return [{ path, value: after }]
  const keys = new Set([...Object.keys(before), ...Object.keys(after)])
  return [...keys].flatMap((key) => changesBetween(before[key], after[key], [...path, key]))
}

/** What stands before and after the first and last difference stays; deletions go from the end. */
function listChanges(before: readonly unknown[], after: readonly unknown[], path: SettingsPath): Change[] {
  const isSame = (a: unknown, b: unknown) => isDeepStrictEqual(plain(a), plain(b))
  const shorter = Math.min(before.length, after.length)
  let head = 0
  while (head < shorter && isSame(before[head], after[head])) head += 1
  let tail = 0
  while (tail < shorter - head && isSame(before.at(-1 - tail), after.at(-1 - tail))) tail += 1
  const oldItems = before.slice(head, before.length - tail)
  const newItems = after.slice(head, after.length - tail)
  return [
    ...newItems.flatMap((item, index) => {
      const here = [...path, head + index]
      if (index < oldItems.length) return changesBetween(oldItems[index], item, here)
      return [{ path: here, value: item, isInsertion: true }]
    }),
    ...oldItems
      .slice(newItems.length)
      .map((_, index) => ({ path: [...path, head + newItems.length + index], value: undefined }))
      .reverse(),
  ]
}

/** As JSON has it: without keys that are undefined. */
function plain(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value))
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function formattingOf(text: string): FormattingOptions {
  const indent = /^([ \t]+)\S/m.exec(text)?.[1] ?? '  '
  return {
    insertSpaces: !indent.startsWith('\t'),
    tabSize: indent.startsWith('\t') ? 1 : indent.length,
    eol: text.includes('\r\n') ? '\r\n' : '\n',
  }
}
