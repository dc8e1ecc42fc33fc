import { crossCheck } from './cross-checks.ts'
import { explainIssues } from './explain.ts'
import { settingsJsonSchema } from './json-schema.ts'
import { migrateSettings, writtenVersion } from './migrate.ts'
import type { Mistake, SettingsPath } from './mistake.ts'
import { SETTINGS_VERSION, type Settings, settingsSchema } from './schema.ts'

/** What a file's value turned out to be. Paths of mistakes are those of the file as it was written. */
export type SettingsReading =
  | {
      readonly kind: 'settings'
      readonly settings: Settings
      readonly migratedFrom?: number
      readonly pathInFile: (path: SettingsPath) => SettingsPath
    }
  | { readonly kind: 'mistakes'; readonly mistakes: readonly Mistake[] }
  | { readonly kind: 'from-the-future'; readonly version: number }

/** Checks and completes what a settings file says, whichever version it has. */
export function readSettings(value: unknown): SettingsReading {
  const version = writtenVersion(value)
  if (typeof version === 'number' && Number.isInteger(version) && version > SETTINGS_VERSION)
    return { kind: 'from-the-future', version }
  const { value: current, from, pathInFile } = migrateSettings(value)
  const parsed = settingsSchema.safeParse(current)
  const mistakes = parsed.success
    ? crossCheck(parsed.data)
    : explainIssues(parsed.error.issues, current, settingsJsonSchema())
  if (!parsed.success || mistakes.length > 0)
    return { kind: 'mistakes', mistakes: mistakes.map((one) => ({ ...one, path: pathInFile(one.path) })) }
  return {
    kind: 'settings',
    settings: parsed.data,
    ...(from === undefined ? {} : { migratedFrom: from }),
    pathInFile,
  }
}
