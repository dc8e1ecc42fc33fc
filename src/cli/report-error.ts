import { createLogger } from '../node/log.ts'
import { AppError } from '../shared/errors/app-error.ts'
import { inOwnWords, ownName } from './own-name.ts'

/** Says what happened and what to do; the trace of a bug goes to the log, never between a person's lines. */
export function reportError(error: unknown): 1 {
  if (error instanceof AppError) {
    const words = `${error.message}\n${error.remedy}`.trimEnd()
    console.error(inOwnWords(words, ownName(), { isRelayHere: true }))
    return 1
  }
  createLogger('cli').error({ err: error }, 'unexpected')
  console.error('Something unexpected happened. Please report it with the line above.')
  return 1
}
