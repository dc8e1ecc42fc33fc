import type { Settings } from '../../shared/settings/schema.ts'

export interface LoadedSettings {
  readonly settings: Settings
  readonly path: string
  readonly existed: boolean
  /** The version of the file, when it is older than what this program writes; the file itself is left as it is. */
  readonly migratedFrom?: number
}

/** @throws AppError `settings.invalid`, `settings.unreadable` or `settings.from-the-future`; the file is never touched. */
export async function loadSettings(path: string): Promise<LoadedSettings> {
  throw new Error(`${path} cannot be loaded yet.`)
}

/** @throws AppError as {@link loadSettings} when what stands there could not be read: it is not written over. */
export async function saveSettings(path: string, _settings: Settings): Promise<void> {
  throw new Error(`${path} cannot be saved yet.`)
}
