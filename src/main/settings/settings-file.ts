import { readFile, realpath } from 'node:fs/promises'
import { basename } from 'node:path'
import { writeFileAtomic } from '../../node/atomic-file.ts'
import { AppError } from '../../shared/errors/app-error.ts'
import { type Settings, settingsSchema } from '../../shared/settings/schema.ts'
import { editSettingsText } from './edit-settings.ts'
import { parseSettings } from './settings-text.ts'

/** Far above any real settings; somebody has named the wrong file. */
const LARGEST_FILE_BYTES = 1024 * 1024

export interface LoadedSettings {
  readonly settings: Settings
  readonly path: string
  /** False when the defaults are used because there is no file. */
  readonly existed: boolean
  /** The version of the file, when it is older than what this program writes; the file itself is left as it is. */
  readonly migratedFrom?: number
}

/** @throws AppError `settings.invalid`, `settings.unreadable` or `settings.from-the-future`; the file is never touched. */
export async function loadSettings(path: string): Promise<LoadedSettings> {
  const text = await readText(path)
  if (text === undefined) return { settings: settingsSchema.parse({}), path, existed: false }
  const { settings, migratedFrom } = parseSettings(text, basename(path))
  return { settings, path, existed: true, ...(migratedFrom === undefined ? {} : { migratedFrom }) }
}

/**
 * Writes the settings so that only this user can read them. What stands in the file and has not changed stays as
 * it was written, with its comments; an older form is kept as long as it can say everything.
 *
 * @throws AppError as {@link loadSettings} when what is there cannot be understood: it is not written over.
 */
export async function saveSettings(path: string, settings: Settings): Promise<void> {
  const before = await readText(path)
  const text =
    before === undefined
      ? `${JSON.stringify(settings, null, 2)}\n`
      : editSettingsText(before, parseSettings(before, basename(path)), settings)
  if (text === before) return
  try {
    // The file may be a link into somebody's dotfiles, which is to stay one.
    await writeFileAtomic(before === undefined ? path : await realpath(path), text)
  } catch (error) {
    throw unreadable(`${path} cannot be written (${reasonOf(error)}).`, error)
  }
}

async function readText(path: string): Promise<string | undefined> {
  let bytes: Buffer
  try {
    bytes = await readFile(path)
  } catch (error) {
    const reason = reasonOf(error)
    if (reason === 'ENOENT') return undefined
    if (reason === 'EISDIR') throw unreadable(`${path} is a folder; the settings have to be a file.`, error)
    throw unreadable(`${path} cannot be read (${reason}).`, error)
  }
  return decode(bytes, path)
}

function decode(bytes: Buffer, path: string): string {
  const name = basename(path)
  if (bytes.length > LARGEST_FILE_BYTES)
    throw new AppError('settings.invalid', `${name} has ${bytes.length} bytes, which no settings file has.`)
  const isUtf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)
  try {
    // Leaves out the byte order mark that some Windows editors put in front.
    if (!isUtf16) return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    // Said below.
  }
  throw new AppError('settings.invalid', `${name} is ${isUtf16 ? 'UTF-16' : 'no UTF-8 text'}.`, {
    remedy: 'Save it again with the encoding UTF-8.',
  })
}

function unreadable(message: string, cause: unknown): AppError {
  return new AppError('settings.unreadable', message, { cause })
}

function reasonOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'unknown error'
}
