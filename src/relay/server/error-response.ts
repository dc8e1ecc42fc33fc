import type { ServerResponse } from 'node:http'
import { AppError, type AppErrorOptions } from '../../shared/errors/app-error.ts'
import { type ErrorCode, errorDefinition } from '../../shared/errors/codes.ts'

/** How the client expects to be spoken to. */
export type Dialect = 'chat' | 'responses' | 'messages' | 'ollama'

/** A failure whose answer has headers of its own. */
export class FailureWithHeaders extends AppError {
  readonly headers: Readonly<Record<string, string>>

  constructor(
    code: ErrorCode,
    message: string,
    headers: Readonly<Record<string, string>>,
    options?: AppErrorOptions,
  ) {
    super(code, message, options)
    this.headers = headers
  }
}

/** Our own explanation beside what clients understand. */
export interface Explanation {
  readonly code: string
  readonly message: string
  readonly recovery: string
  readonly remedy: string
}

export function explain(error: AppError): Explanation {
  return { code: error.code, message: error.message, recovery: error.recovery, remedy: error.remedy }
}

const ANTHROPIC_TYPES: ReadonlyMap<number, string> = new Map([
  [400, 'invalid_request_error'],
  [401, 'authentication_error'],
  [402, 'billing_error'],
  [403, 'permission_error'],
  [404, 'not_found_error'],
  [413, 'request_too_large'],
  [429, 'rate_limit_error'],
  [529, 'overloaded_error'],
])

export function errorType(dialect: Dialect, status: number): string {
  if (dialect === 'messages') return ANTHROPIC_TYPES.get(status) ?? 'api_error'
  if (status === 429) return 'rate_limit_error'
  return status >= 500 ? 'server_error' : 'invalid_request_error'
}

/** The body of a failure of ours. */
export function errorBody(dialect: Dialect, status: number, error: AppError): object {
  const message = `${error.message} ${error.remedy}`
  const type = errorType(dialect, status)
  if (dialect === 'messages') return { type: 'error', error: { type, message }, relay: explain(error) }
  // Its clients show whatever stands there as it is.
  if (dialect === 'ollama') return { error: message, relay: explain(error) }
  return { error: { message, type, param: null, code: error.code }, relay: explain(error) }
}

/** An SSE event that tells the client in its own dialect that the stream has failed. */
export function errorEvent(dialect: Dialect, error: AppError): string {
  const message = `${error.message} ${error.remedy}`
  const relay = explain(error)
  if (dialect === 'messages')
    return sse('error', { type: 'error', error: { type: 'api_error', message }, relay })
  if (dialect === 'responses')
    return sse('error', { type: 'error', code: error.code, message, param: null, relay })
  return sse(undefined, { error: { message, type: 'server_error', param: null, code: error.code }, relay })
}

/** The same as a line of Ollama's own API. */
export function errorLine(error: AppError): string {
  return `${JSON.stringify({ error: `${error.message} ${error.remedy}`, relay: explain(error) })}\n`
}

function sse(event: string | undefined, data: object): string {
  return `${event === undefined ? '' : `event: ${event}\n`}data: ${JSON.stringify(data)}\n\n`
}

/** Answers with a failure of ours; does nothing when an answer is already under way. */
export function sendError(response: ServerResponse, error: AppError, dialect: Dialect = 'chat'): void {
  if (response.headersSent || response.destroyed) {
    if (!response.writableEnded) response.destroy()
    return
  }
  const status = errorDefinition(error.code).status ?? 500
  // The rest of a refused body would have to be read before the connection could carry another request.
  const closes = error.code === 'relay.body-too-large' || error.code === 'relay.request-malformed'
  sendJson(response, status, errorBody(dialect, status, error), {
    ...errorHeaders(error),
    ...(error instanceof FailureWithHeaders ? error.headers : {}),
    ...(status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
    ...(closes ? { connection: 'close' } : {}),
  })
}

export function errorHeaders(error: AppError): Record<string, string> {
  return {
    'x-relay-error': error.code,
    'x-relay-remedy': error.remedy.replaceAll('…', '...').replace(/[^\x20-\x7e]/g, '?'),
  }
}

export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string | string[]>> = {},
): void {
  const text = `${JSON.stringify(body)}\n`
  response.writeHead(status, {
    'content-type': 'application/json',
    'cache-control': 'no-store',
    ...headers,
    'content-length': Buffer.byteLength(text),
  })
  response.end(text)
}
