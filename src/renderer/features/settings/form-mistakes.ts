import { formatPath, type SettingsPath } from '../../../shared/settings/mistake.ts'
import { readSettings } from '../../../shared/settings/read-settings.ts'
import type { Settings } from '../../../shared/settings/schema.ts'
import { words } from '../../words/words.ts'
import { formValue, type SettingsForm } from './settings-form.ts'

export interface FormMistake {
  readonly path: SettingsPath
  /** A sentence for beside the field. */
  readonly text: string
}

export interface FormReading {
  /** Complete and right; undefined while there are mistakes. */
  readonly settings: Settings | undefined
  readonly mistakes: readonly FormMistake[]
  /** What is wrong with one field, or with what stands below it. */
  readonly at: (...path: SettingsPath) => string | undefined
  /** How many mistakes there are at or below a path. */
  readonly countBelow: (...path: SettingsPath) => number
}

/** Judges what was typed with the schema of the settings file. */
export function readForm(form: SettingsForm): FormReading {
  const value = formValue(form)
  const reading = readSettings(value)
  const mistakes = reading.kind === 'mistakes' ? reading.mistakes : []
  const worded = mistakes.map(({ path, text }) => ({ path, text: wordsFor(text, valueAt(value, path)) }))
  const byPath = new Map(worded.map(({ path, text }) => [formatPath(path), text]))
  return {
    settings: reading.kind === 'settings' ? reading.settings : undefined,
    mistakes: worded,
    at: (...path) => byPath.get(formatPath(path)),
    countBelow: (...path) => worded.filter((mistake) => isBelow(mistake.path, path)).length,
  }
}

function isBelow(path: SettingsPath, base: SettingsPath): boolean {
  return base.every((part, index) => path[index] === part)
}

/** The schema speaks of lines in a file; here the field itself is in sight. */
function wordsFor(text: string, value: unknown): string {
  if (value === '' || value === undefined) return words.settings.mistakes.needed
  if (/ is already called .*; give each its own name$/.test(text)) return words.settings.mistakes.nameTaken
  const [, partner] = /^needs "(cert|key)" beside it$/.exec(text) ?? []
  if (partner === 'cert' || partner === 'key')
    return words.settings.mistakes.needsBeside(words.settings.names[partner])
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
}

function valueAt(value: unknown, path: SettingsPath): unknown {
  return path.reduce<unknown>(
    (here, part) =>
      typeof here === 'object' && here !== null
        ? (here as Readonly<Record<string | number, unknown>>)[part]
        : undefined,
    value,
  )
}
