import { getNodeValue, type Node, stripComments } from 'jsonc-parser'
import { lineAt, offsetOf, parseJsonc, type RepeatedKey, repeatedKeys } from '../../node/jsonc-text.ts'
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

/** Something in the text that a person has to correct. */
export interface PlacedMistake {
  /** `profiles[0].clients[1].listen`; empty for the whole file. */
  readonly path: string
  /** Counted from 1; where there is none, the file as a whole is meant. */
  readonly line?: number
  /** The end of a sentence that begins with the path, or with the file. */
  readonly text: string
}

type TextReading =
  | ({ readonly kind: 'settings' } & ParsedSettings)
  | { readonly kind: 'mistakes'; readonly mistakes: readonly PlacedMistake[]; readonly remedy?: string }
  | { readonly kind: 'from-the-future'; readonly version: number; readonly line: number }

/**
 * Reads the text of a settings file: JSON with comments and trailing commas.
 *
 * @param name how messages call the file.
 * @throws AppError `settings.invalid` naming every mistake with its line, or `settings.from-the-future`.
 */
export function parseSettings(text: string, name: string): ParsedSettings {
  const reading = readText(text)
  if (reading.kind === 'settings') return reading
  if (reading.kind === 'from-the-future')
    throw new AppError(
      'settings.from-the-future',
      `${name} has version ${reading.version}, and this program knows versions up to ${SETTINGS_VERSION}.`,
    )
  throw invalid(name, reading.mistakes, reading.remedy)
}

/** Everything that is wrong with the text, in the order of its lines; nothing when it can be used. */
export function findMistakes(text: string): readonly PlacedMistake[] {
  const reading = readText(text)
  if (reading.kind === 'settings') return []
  if (reading.kind === 'mistakes') return reading.mistakes
  const words = `is ${reading.version}, and this program knows up to ${SETTINGS_VERSION}; bring it up to date first`
  return [{ path: 'version', line: reading.line, text: words }]
}

function readText(text: string): TextReading {
  const parsed = parseJson(text)
  if ('flaw' in parsed) return { kind: 'mistakes', mistakes: [parsed.flaw], ...parsed.advice }
  const { root } = parsed
  const reading = readSettings(getNodeValue(root))
  const place = (mistake: Mistake | RepeatedKey): PlacedMistake => ({
    path: formatPath(mistake.path),
    line: lineAt(text, 'offset' in mistake ? mistake.offset : offsetOf(root, mistake)),
    text: mistake.text,
  })
  if (reading.kind === 'from-the-future') {
    const { line = 1 } = place({ path: ['version'], text: '' })
    return { ...reading, line }
  }
  const mistakes = [
    ...repeatedKeys(text, root, []),
    ...(reading.kind === 'mistakes' ? reading.mistakes : []),
  ].map(place)
  if (mistakes.length === 0 && reading.kind === 'settings') return reading
  return { kind: 'mistakes', mistakes: mistakes.sort((a, b) => (a.line ?? 0) - (b.line ?? 0)) }
}

type ParsedJson =
  | { readonly root: Node }
  | { readonly flaw: PlacedMistake; readonly advice?: { readonly remedy: string } }

function parseJson(text: string): ParsedJson {
  const parsed = parseJsonc(text)
  if ('root' in parsed) return parsed
  const { flaw, words, offset } = parsed
  const line = offset === undefined ? {} : { line: lineAt(text, offset) }
  return {
    flaw: { path: '', ...line, text: words },
    ...(flaw === 'empty'
      ? { advice: { remedy: 'Write {} into it to use the defaults, or delete it.' } }
      : {}),
  }
}

function invalid(name: string, mistakes: readonly PlacedMistake[], remedy: string | undefined): AppError {
  const shown = mistakes.slice(0, MOST_MISTAKES_LISTED).map(({ path, line, text }) => {
    if (line === undefined) return `${name} ${text}.`
    return `${name} line ${line}: ${path === '' ? '' : `${path}: `}${text}`
  })
  const more = mistakes.length - MOST_MISTAKES_LISTED
  if (more > 0) shown.push(`and ${more} more`)
  const several = 'Correct the named lines, or delete the keys to use their defaults.'
  const advice = remedy ?? (mistakes.length === 1 ? undefined : several)
  return new AppError('settings.invalid', shown.join('\n'), advice === undefined ? {} : { remedy: advice })
}

/** Whether a person has written something between the values. */
export function hasComments(text: string): boolean {
  return stripComments(text) !== text
}
