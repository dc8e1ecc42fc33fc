import { AppError } from '../shared/errors/app-error.ts'
import type { LogLevel } from './log.ts'

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error', 'silent']

/** The level that LOG_LEVEL asks for, if any. @throws AppError `environment.invalid` */
export function logLevelOf(env: Readonly<Record<string, string | undefined>>): LogLevel | undefined {
  const text = env.LOG_LEVEL ?? ''
  if (text.trim() === '') return undefined
  const level = LEVELS.find((name) => name === text.trim().toLowerCase())
  if (level !== undefined) return level
  throw new AppError(
    'environment.invalid',
    `LOG_LEVEL is ${JSON.stringify(text.slice(0, 40))}, which is no level of logging.`,
    { remedy: `Set it to ${LEVELS.slice(0, -1).join(', ')} or ${LEVELS.at(-1)}, or not at all.` },
  )
}
