import { AppError } from '../../../shared/errors/app-error.ts'

/** What became of a request that was sent to a host, in the words of the error table. */
export function exchangeFailure(error: unknown, host: string): AppError {
  if (error instanceof AppError) return error
  const {
    code = '',
    message = '',
    name = '',
  } = error instanceof Error ? (error as NodeJS.ErrnoException) : {}
  const options = { cause: error }
  if (code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT' || code === 'ETIMEDOUT')
    return new AppError('egress.timeout', `${host} did not answer in time.`, options)
  if (code === 'UND_ERR_INVALID_ARG' || code === 'ERR_INVALID_CHAR' || code === 'ERR_UNESCAPED_CHARACTERS')
    return new AppError(
      'proxy.bad-request',
      `The request cannot be sent on to ${host} (${message}).`,
      options,
    )
  if (
    name === 'HTTPParserError' ||
    code.startsWith('HPE_') ||
    BAD_ANSWERS.has(code) ||
    /^bad (?:response|upgrade)$/.test(message)
  )
    return new AppError('egress.bad-answer', `${host} did not answer in correct HTTP.`, options)
  if (code !== '' || error instanceof Error)
    return new AppError('egress.unreachable', `${host} closed the connection without an answer.`, options)
  return new AppError('internal.bug', 'Something unexpected happened.', options)
}

const BAD_ANSWERS: ReadonlySet<string> = new Set([
  'UND_ERR_HEADERS_OVERFLOW',
  'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
  'ERR_HTTP_INVALID_STATUS_CODE',
  'ERR_INVALID_HTTP_TOKEN',
])
