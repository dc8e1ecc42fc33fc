import { appendFileSync, mkdirSync, renameSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { createLogger, type Logger, type LogLevel } from '../../node/log.ts'

const MAX_BYTES = 1_048_576

/**
 * A log for a program that has no terminal: an installed app on Windows has no standard error to write to.
 * The file begins anew at the start after it has passed a mebibyte; the one before is kept.
 */
export function createFileLogger(path: string, level: LogLevel): Logger {
  mkdirSync(dirname(path), { recursive: true })
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0
  if (size > MAX_BYTES) renameSync(path, `${path}.old`)
  return createLogger('bridge', level, { write: (line) => appendLine(path, line) })
}

function appendLine(path: string, line: string): void {
  try {
    appendFileSync(path, line, { mode: 0o600 })
  } catch {
    // A full disk must not end the bridge, and there is nowhere else to say it.
  }
}
