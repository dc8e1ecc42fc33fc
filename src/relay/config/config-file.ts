import { readFile, stat } from 'node:fs/promises'
import { findNodeAtLocation, getNodeValue, type ParseError, parseTree } from 'jsonc-parser'
import { writeFileAtomic } from '../../node/atomic-file.ts'
import { syntaxWords } from '../../node/jsonc-words.ts'
import type { Logger } from '../../node/log.ts'
import { AppError } from '../../shared/errors/app-error.ts'
import { explainIssues } from '../../shared/settings/explain.ts'
import { formatPath } from '../../shared/settings/mistake.ts'
import { configSchema, type RelayConfig, unknownKeys } from './config-schema.ts'

type Plain = Readonly<Record<string, unknown>>

/** config.json and the changes the relay makes to it. A file that cannot be saved does not stop a sign-in. */
export class ConfigFile {
  readonly path: string
  private plain: Plain
  private readonly log: Logger
  private unsaved: AppError | undefined
  /** One write after the other, each with everything that was set before it. */
  private queue: Promise<void> = Promise.resolve()

  private constructor(path: string, plain: Plain, log: Logger) {
    this.path = path
    this.plain = plain
    this.log = log
  }

  /** @throws AppError `relay.config-invalid` with the line; the file is left as it is. */
  static async open(path: string, log: Logger): Promise<ConfigFile> {
    const text = await readText(path)
    const file = new ConfigFile(path, text === undefined ? INITIAL : parseConfig(path, text), log)
    if (text === undefined) await file.save()
    else await warnOfReaders(path, file.plain, log)
    for (const key of unknownKeys(file.plain))
      log.warn({ key }, 'config.json has a key that means nothing here')
    return file
  }

  get config(): RelayConfig {
    return configSchema.parse(this.plain)
  }

  /** Why the last change lives in memory only; `undefined` when it is on disk. */
  get saveProblem(): AppError | undefined {
    return this.unsaved
  }

  /** Sets top-level keys, or removes those that are `undefined`, and saves; never throws. */
  async set(changes: Partial<RelayConfig>): Promise<void> {
    const next = { ...this.plain, ...changes }
    this.plain = Object.fromEntries(Object.entries(next).filter(([, value]) => value !== undefined))
    await this.save()
  }

  /** Sets one value below objects, which are made where they are missing, or removes it; saves, never throws. */
  async setAt(path: readonly string[], value: unknown): Promise<void> {
    this.plain = withValueAt(this.plain, path, value)
    await this.save()
  }

  private save(): Promise<void> {
    this.queue = this.queue.then(async () => {
      try {
        await writeFileAtomic(this.path, `${JSON.stringify(this.plain, null, 2)}\n`)
        this.unsaved = undefined
      } catch (error) {
        const reason = (error as NodeJS.ErrnoException).code ?? 'unknown error'
        this.unsaved = new AppError('relay.config-unwritable', `${this.path} cannot be written (${reason}).`)
        this.log.warn({ path: this.path, reason }, 'config.json cannot be saved; going on in memory')
      }
    })
    return this.queue
  }
}

function withValueAt(object: Plain, [key, ...rest]: readonly string[], value: unknown): Plain {
  if (key === undefined) return object
  const inner = object[key]
  const next = rest.length === 0 ? value : withValueAt(isPlain(inner) ? inner : {}, rest, value)
  return Object.fromEntries(
    Object.entries({ ...object, [key]: next }).filter(([, child]) => child !== undefined),
  )
}

function isPlain(value: unknown): value is Plain {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const INITIAL: Plain = { site_url: 'http://localhost', site_name: 'Sovereign Bridge' }

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code
    if (reason === 'ENOENT') return undefined
    const what =
      reason === 'EISDIR' ? 'is a folder; the configuration has to be a file' : `cannot be read (${reason})`
    throw new AppError('relay.config-invalid', `${path} ${what}.`, {
      cause: error,
      remedy: 'Name a file that this user may read, with --config or CONFIG_PATH.',
    })
  }
}

function parseConfig(path: string, source: string): Plain {
  // A byte order mark is what some Windows editors put in front.
  const text = source.replace(/^\uFEFF/, '')
  if (text.trim() === '')
    throw new AppError('relay.config-invalid', `${path} is empty.`, {
      remedy: 'Write {} into it to use the defaults, or delete it.',
    })
  const errors: ParseError[] = []
  const root = parseTree(text, errors, { allowTrailingComma: true })
  const [error] = errors
  if (error !== undefined) throw invalid(path, text, error.offset, syntaxWords(error, text))
  const value: unknown = root === undefined ? undefined : getNodeValue(root)
  if (!isPlain(value)) throw new AppError('relay.config-invalid', `${path} holds no JSON object.`)
  const issues = configSchema.safeParse(value).error?.issues ?? []
  const [mistake] = explainIssues(issues, value, {})
  if (mistake !== undefined) {
    const offset = (root && findNodeAtLocation(root, [...mistake.path])?.offset) ?? 0
    throw invalid(path, text, offset, `${formatPath(mistake.path)}: ${mistake.text}`)
  }
  return value as Plain
}

function invalid(path: string, text: string, offset: number, what: string): AppError {
  const line = text.slice(0, offset).split('\n').length
  return new AppError('relay.config-invalid', `${path} line ${line}: ${what}.`)
}

const CREDENTIALS = ['github_oauth_token', 'openrouter_api_key']

function holdsCredential({ providers, ...plain }: Plain): boolean {
  const all = isPlain(providers) ? Object.values(providers).filter(isPlain) : []
  return CREDENTIALS.some((key) => key in plain) || all.some((one) => 'api_key' in one || 'headers' in one)
}

/** A file that somebody wrote by hand has the rights that an editor gave it. */
async function warnOfReaders(path: string, plain: Plain, log: Logger): Promise<void> {
  if (process.platform === 'win32' || !holdsCredential(plain)) return
  const mode = (await stat(path).catch(() => undefined))?.mode ?? 0
  if ((mode & 0o077) === 0) return
  const rights = (mode & 0o777).toString(8)
  log.warn(
    { path, rights },
    'other users of this machine may read or change config.json: make it 600 with chmod',
  )
}
