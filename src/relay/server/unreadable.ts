import type { ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { AppError } from '../../shared/errors/app-error.ts'
import { errorDefinition } from '../../shared/errors/codes.ts'
import { errorBody, errorHeaders } from './error-response.ts'
import { sayAndClose } from './last-words.ts'

/** The parser goes on complaining while the rest of the request comes in. */
const answered = new WeakSet<Duplex>()

/**
 * Answers what Node's HTTP parser gave up on, in the form of every other refusal, and closes the connection.
 *
 * @param latest the last answer on this connection, which nothing may be written into.
 */
export function refuseUnreadable(
  error: NodeJS.ErrnoException,
  connection: Duplex,
  latest: ServerResponse | undefined,
): void {
  if (answered.has(connection)) return
  const refusal = refusalOf(error)
  const isBusy =
    latest !== undefined && !latest.writableFinished && (latest.headersSent || latest.req.complete)
  if (refusal === undefined || isBusy || !connection.writable) {
    connection.destroy()
    return
  }
  answered.add(connection)
  const status = errorDefinition(refusal.code).status ?? 400
  const headers = {
    'content-type': 'application/json',
    'cache-control': 'no-store',
    ...errorHeaders(refusal),
  }
  sayAndClose(connection, status, headers, `${JSON.stringify(errorBody('chat', status, refusal))}\n`)
}

/** @returns undefined where the connection itself has failed. */
function refusalOf({ code, message }: NodeJS.ErrnoException): AppError | undefined {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return new AppError('relay.head-too-large', 'The headers of the request are larger than 32 KiB.')
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new AppError('relay.request-timeout', 'The request was not sent in time.')
    case 'HPE_INVALID_EOF_STATE':
      return new AppError('relay.request-malformed', 'The connection ended in the middle of a request.')
    default:
      if (code?.startsWith('HPE_') !== true) return undefined
      return new AppError(
        'relay.request-malformed',
        `It is no HTTP/1.1: ${message.replace(/^Parse Error: /, '')}.`,
      )
  }
}
