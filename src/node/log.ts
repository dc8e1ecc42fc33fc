import { type DestinationStream, type Logger, type LoggerOptions, pino } from 'pino'

export type { Logger }

/** Fields that may hold a credential wherever they stand in a logged object. */
const SECRET_FIELDS = [
  'authorization',
  'token',
  'access_token',
  'apiKey',
  'api_key',
  'password',
  'passphrase',
  'cookie',
]

/** GitHub, OpenRouter and client credentials and bearer values, should one slip into a message. */
const SECRET_TEXT =
  /\b(?:gh[opsu]_\w{8,}|github_pat_\w{8,}|sb[abc]_[\w-]{8,}|sk-or-[\w-]{8,}|tid=[^\s"]{8,}|Bearer\s+[\w.~+/=;-]{8,})/g

export function redactText(text: string): string {
  return text.replace(SECRET_TEXT, '[redacted]')
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent'

/** As many as help somebody who reads them, and a fraction of a megabyte. */
const RECENT_LINES = 500

interface Shown {
  level: LogLevel
  readonly lines: readonly string[]
}

const shownBy = new WeakMap<Logger, Shown>()

/** The last lines of a logger, the oldest first, also those that are too quiet to be shown; credentials blanked out. */
export function recentLogLines(log: Logger): readonly string[] {
  return shownBy.get(log)?.lines ?? []
}

/** Changes how much a logger of {@link createLogger} shows, from the next line on. */
export function setLogLevel(log: Logger, level: LogLevel): void {
  const shown = shownBy.get(log)
  if (shown === undefined) throw new Error('This logger was not made by createLogger.')
  shown.level = level
  log.level = madeAt(level)
}

/**
 * JSON lines on standard error (standard output belongs to what a command prints), credentials blanked out. The last
 * ones are kept for {@link recentLogLines}.
 */
export function createLogger(
  name: string,
  level: LogLevel = 'info',
  destination: DestinationStream = standardError(),
): Logger {
  const lines: string[] = []
  const shown: Shown = { level, lines }
  const stream = {
    // Has pino set `lastLevel` in front of each line.
    [pino.symbols.needsMetadataGsym]: true,
    lastLevel: 0,
    write(line: string): void {
      if (this.lastLevel >= LEVELS.info) lines.push(line.trimEnd())
      if (lines.length > RECENT_LINES) lines.shift()
      if (this.lastLevel >= LEVELS[shown.level]) destination.write(line)
    },
  }
  const log = pino(options(name, madeAt(level)), stream)
  shownBy.set(log, shown)
  return log
}

const LEVELS: Readonly<Record<LogLevel, number>> = {
  ...{ debug: 20, info: 30, warn: 40, error: 50, silent: Number.POSITIVE_INFINITY },
}

/** What is kept begins at `info`, however little is shown. */
function madeAt(level: LogLevel): 'debug' | 'info' {
  return level === 'debug' ? 'debug' : 'info'
}

/**
 * The same without {@link recentLogLines}, for a program that nobody makes a report of: keeping what is too quiet to
 * be shown takes a relay 6 MiB and time with every request.
 */
export function createForgetfulLogger(name: string, level: LogLevel): Logger {
  return pino(options(name, level), standardError())
}

function standardError(): DestinationStream {
  return pino.destination({ fd: 2, sync: true })
}

function options(name: string, level: LogLevel): LoggerOptions {
  return {
    name,
    level,
    base: { name },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: {
      paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]),
      censor: '[redacted]',
    },
    hooks: { streamWrite: redactText },
  }
}
