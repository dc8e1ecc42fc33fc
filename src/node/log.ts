import { type DestinationStream, type Logger, pino } from 'pino'

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

/** JSON lines on standard error (standard output belongs to what a command prints), credentials blanked out. */
export function createLogger(
  name: string,
  level: LogLevel = 'info',
  destination?: DestinationStream,
): Logger {
  return pino(
    {
      name,
      level,
      base: { name },
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: {
        paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]),
        censor: '[redacted]',
      },
      hooks: { streamWrite: redactText },
    },
    destination ?? pino.destination({ fd: 2, sync: true }),
  )
}
