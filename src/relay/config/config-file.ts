import { readFile } from 'node:fs/promises'
import { type ParseError, parse as parseJsonc, printParseErrorCode } from 'jsonc-parser'
import { writeFileAtomic } from '../../node/atomic-file.ts'
import type { Logger } from '../../node/log.ts'
import { AppError } from '../../shared/errors/app-error.ts'
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

  /** @throws AppError `relay.config-invalid` with line and column; the file is left as it is. */
  static async open(path: string, log: Logger): Promise<ConfigFile> {
    const text = await readText(path)
    const file = new ConfigFile(path, text === undefined ? INITIAL : parseConfig(path, text), log)
    if (text === undefined) await file.save()
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

const INITIAL: Plain = { site_url: 'http://localhost', site_name: 'Sovereign Bridge' }

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code
    if (reason === 'ENOENT') return undefined
    throw new AppError('relay.config-invalid', `${path} cannot be read (${String(reason)}).`)
  }
}

function parseConfig(path: string, text: string): Plain {
  const errors: ParseError[] = []
  // A byte order mark is what some Windows editors put in front.
  const value: unknown = parseJsonc(text.replace(/^\uFEFF/, ''), errors, { allowTrailingComma: true })
  const [error] = errors
  if (error !== undefined) {
    const what = printParseErrorCode(error.error)
    throw new AppError('relay.config-invalid', `${path}${place(text, error.offset)}: ${what}.`)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new AppError('relay.config-invalid', `${path} holds no JSON object.`)
  const parsed = configSchema.safeParse(value)
  const issue = parsed.error?.issues[0]
  if (issue !== undefined) {
    const key = issue.path.join('.')
    throw new AppError('relay.config-invalid', `${path}: ${key}: ${issue.message}.`)
  }
  return value as Plain
}

function place(text: string, offset: number): string {
  const before = text.slice(0, offset).split('\n')
  return `:${before.length}:${(before.at(-1)?.length ?? 0) + 1}`
}
