import { createHash } from 'node:crypto'
import { readFile, realpath } from 'node:fs/promises'
import { basename } from 'node:path'
import { writeFileAtomic } from '../../node/atomic-file.ts'
import { AppError } from '../../shared/errors/app-error.ts'
import { type Settings, settingsSchema } from '../../shared/settings/schema.ts'
import { editSettingsText } from './edit-settings.ts'
import { hasComments, type ParsedSettings, parseSettings } from './settings-text.ts'

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

/** A settings file as it stands, whether or not it can be understood. */
export interface SettingsFile {
  readonly path: string
  /** Where there is no file, the text that it would have. */
  readonly text: string
  readonly existed: boolean
  /** Another one for every other content. */
  readonly revision: string
}

/** @throws AppError `settings.unreadable`, or `settings.invalid` when it is no text at all. */
export async function readSettingsFile(path: string): Promise<SettingsFile> {
  const text = await readText(path)
  return {
    path,
    text: text ?? asText(settingsSchema.parse({})),
    existed: text !== undefined,
    revision: revisionOf(text),
  }
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
      ? asText(settings)
      : editSettingsText(before, parseSettings(before, basename(path)), settings)
  await write(path, before, text)
}

/**
 * Puts a text that somebody has written in place of the file. Where it says nothing but values, the comments of
 * the file are kept.
 *
 * @param expected revision of the file that the writer has seen.
 * @returns what the text says, and the revision of the file as it is now.
 * @throws AppError `settings.invalid`, `settings.unreadable`, `settings.changed-on-disk`, and
 * `settings.from-the-future` for such a file, which is never written over.
 */
export async function saveSettingsText(
  path: string,
  text: string,
  expected: string,
): Promise<{ readonly settings: Settings; readonly revision: string }> {
  const { settings } = parseSettings(text, basename(path))
  const before = await readText(path)
  const known = before === undefined ? undefined : understood(before, path)
  if (revisionOf(before) !== expected)
    throw new AppError(
      'settings.changed-on-disk',
      `${path} has been ${before === undefined ? 'deleted' : 'changed'} since it was read.`,
    )
  const keepsComments = before !== undefined && known !== undefined && !hasComments(text)
  const after = keepsComments && hasComments(before) ? editSettingsText(before, known, settings) : text
  await write(path, before, after)
  return { settings, revision: revisionOf(after) }
}

/** A file with a mistake in it may be replaced by one without; that of a newer program may not. */
function understood(text: string, path: string): ParsedSettings | undefined {
  try {
    return parseSettings(text, basename(path))
  } catch (error) {
    if (error instanceof AppError && error.code === 'settings.invalid') return undefined
    throw error
  }
}

async function write(path: string, before: string | undefined, text: string): Promise<void> {
  if (text === before) return
  try {
    // The file may be a link into somebody's dotfiles, which is to stay one.
    await writeFileAtomic(before === undefined ? path : await realpath(path), text)
  } catch (error) {
    throw unreadable(`${path} cannot be written (${reasonOf(error)}).`, error)
  }
}

function asText(settings: Settings): string {
  return `${JSON.stringify(settings, null, 2)}\n`
}

function revisionOf(text: string | undefined): string {
  return text === undefined ? 'none' : createHash('sha256').update(text).digest('base64url')
}

async function readText(path: string): Promise<string | undefined> {
  let bytes: Buffer
  try {
    bytes = await readFile(path)
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code
    if (reason === 'ENOENT') return undefined
    if (reason === 'EISDIR') throw unreadable(`${path} is a folder; the settings have to be a file.`, error)
    throw unreadable(`${path} cannot be read (${reasonOf(error)}).`, error)
  }
  return decode(bytes, path)
}

function decode(bytes: Buffer, path: string): string {
  const name = basename(path)
  if (bytes.length > LARGEST_FILE_BYTES)
    throw new AppError('settings.invalid', `${name} has ${bytes.length} bytes, which no settings file has.`, {
      remedy: 'Look whether this is the file that you mean.',
    })
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
  const { code } = error as NodeJS.ErrnoException
  return code === undefined ? 'unknown error' : (REASONS[code] ?? code)
}

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota of this user is used up',
  EROFS: 'the file system is read-only',
  EACCES: 'this user may not',
  EPERM: 'this user may not',
}
