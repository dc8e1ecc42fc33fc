import { glob, readFile, stat } from 'node:fs/promises'
import { basename, dirname, isAbsolute, join } from 'node:path'
import { AppError } from '../../../shared/errors/app-error.ts'
import { configError, type Place } from './config-error.ts'
import { expandHome } from './expand.ts'
import { splitKeyword, splitWords } from './words.ts'

export interface ConfigLine extends Place {
  /** In lower case. */
  readonly keyword: string
  readonly words: readonly string[]
  /** The text behind the keyword as it stands. */
  readonly rest: string
  /** The files that an Include names, in their order. */
  readonly included: readonly (readonly ConfigLine[])[]
}

/** As in ssh: deeper nesting is a loop. */
const MAX_DEPTH = 16

/** These take the rest of the line as it stands, quotes included. */
const RAW_KEYWORDS = new Set(['match', 'proxycommand', 'localcommand', 'remotecommand', 'knownhostscommand'])

/** Reads a file and everything it includes; a file that does not exist has no lines. */
export function parseConfigFile(file: string, home: string): Promise<ConfigLine[]> {
  // Includes of a system file are relative to its folder, those of any other file to ~/.ssh.
  const isSystemFile = basename(file) === 'ssh_config' && !file.startsWith(join(home, '.ssh'))
  const base = isSystemFile ? dirname(file) : join(home, '.ssh')
  return parseFile(file, { base, home, depth: 0 })
}

/** More than one word behind these is a mistake. Keywords that we do not use are not looked at. */
const SINGLE_WORD = new Set([
  'certificatefile',
  'connecttimeout',
  'hashknownhosts',
  'hostkeyalias',
  'hostname',
  'identitiesonly',
  'identityagent',
  'identityfile',
  'port',
  'proxyjump',
  'serveralivecountmax',
  'serveraliveinterval',
  'tag',
  'user',
])

interface Origin {
  readonly base: string
  readonly home: string
  readonly depth: number
}

async function parseFile(file: string, origin: Origin): Promise<ConfigLine[]> {
  const text = await readConfig(file)
  const lines: ConfigLine[] = []
  for (const [index, content] of text.split('\n').entries()) {
    const line = await parseLine(content, { file, line: index + 1 }, origin)
    if (line !== undefined) lines.push(line)
  }
  return lines
}

async function parseLine(content: string, place: Place, origin: Origin): Promise<ConfigLine | undefined> {
  const parts = splitKeyword(content)
  if (parts === undefined) {
    if (/^\s*(?:#|$)/.test(content)) return undefined
    throw configError(place, 'this is no keyword with a value.')
  }
  const { keyword, rest } = parts
  const words = RAW_KEYWORDS.has(keyword) ? [rest] : splitWords(rest)
  if (words === undefined) throw configError(place, 'a quote is opened and never closed.')
  if (words.length === 0 || rest === '') throw configError(place, `${keyword} has no value.`)
  if (words.length > 1 && SINGLE_WORD.has(keyword)) {
    throw configError(place, `${keyword} takes one value; put quotes around it if it has blanks.`)
  }
  const included = keyword === 'include' ? await parseIncluded(words, place, origin) : []
  return { ...place, keyword, words, rest, included }
}

async function parseIncluded(
  patterns: readonly string[],
  place: Place,
  origin: Origin,
): Promise<ConfigLine[][]> {
  if (origin.depth >= MAX_DEPTH) {
    throw configError(place, `Include is nested more than ${MAX_DEPTH} deep; does a file include itself?`)
  }
  const files: ConfigLine[][] = []
  for (const pattern of patterns) {
    const path = expandHome(pattern, origin.home)
    for (const file of await filesOf(isAbsolute(path) ? path : join(origin.base, path))) {
      files.push(await parseFile(file, { ...origin, depth: origin.depth + 1 }))
    }
  }
  return files
}

async function filesOf(pattern: string): Promise<string[]> {
  if (!/[*?[]/.test(pattern)) return [pattern]
  const mayBeHidden = basename(pattern).startsWith('.')
  const found: string[] = []
  for await (const file of glob(pattern)) {
    if (mayBeHidden || !basename(file).startsWith('.')) found.push(file)
  }
  return found.sort((one, other) => (one < other ? -1 : 1))
}

async function readConfig(file: string): Promise<string> {
  try {
    const text = await readFile(file, 'utf8')
    await refuseIfWritableByAll(file)
    return text
  } catch (error) {
    if (error instanceof AppError) throw error
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR') return ''
    throw new AppError('ssh.config-invalid', `${file} cannot be read (${code}).`, {
      cause: error,
      remedy: 'Give this user the right to read the file, or remove the Include that names it.',
    })
  }
}

/** Whoever can write this file decides where we connect to. */
async function refuseIfWritableByAll(file: string): Promise<void> {
  if (process.platform === 'win32') return
  const { mode } = await stat(file)
  if ((mode & 0o002) === 0) return
  throw new AppError('ssh.config-invalid', `Every user of this machine can change ${file}.`, {
    remedy: `Run: chmod go-w ${file}`,
  })
}
