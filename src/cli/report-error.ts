import { createLogger } from '../node/log.ts'
import { AppError } from '../shared/errors/app-error.ts'
import { inOwnWords, ownName } from './own-name.ts'

/**
 * Says what happened and what to do; the trace of a bug goes to the log, never between a person's lines. With
 * `--json` it is one line of JSON, on standard error as well: standard output has what was asked for and no more.
 */
export function reportError(error: unknown, { json }: { readonly json: boolean }): 1 {
  if (error instanceof AppError) {
    const words = (text: string): string => inOwnWords(text, ownName(), { isRelayHere: true })
    const { code } = error
    const [message, remedy] = [words(error.message), words(error.remedy)]
    console.error(
      json ? JSON.stringify({ error: { code, message, remedy } }) : `${message}\n${remedy}`.trimEnd(),
    )
    return 1
  }
  createLogger('cli').error({ err: error }, 'unexpected')
  console.error('Something unexpected happened. Please report it with the line above.')
  return 1
}
