import type { ServerResponse } from 'node:http'
import { redactText } from '../../node/log.ts'
import { AppError } from '../../shared/errors/app-error.ts'
import type { ErrorCode } from '../../shared/errors/codes.ts'
import { type Dialect, errorHeaders, errorType, explain, sendJson } from '../server/error-response.ts'
import { clientHeaders } from '../server/message-headers.ts'
import type { Refusal } from './forward.ts'

const CODES: ReadonlyMap<number, ErrorCode> = new Map<number, ErrorCode>([
  [400, 'upstream.rejected'],
  [401, 'upstream.unauthorized'],
  [402, 'upstream.quota-exceeded'],
  [403, 'upstream.forbidden'],
  [408, 'upstream.cancelled'],
  [422, 'upstream.content-filtered'],
  [424, 'upstream.dependency-failed'],
  [429, 'upstream.rate-limited'],
  [466, 'upstream.client-outdated'],
  [499, 'upstream.cancelled'],
])

/** What an error status of an upstream means in our own words. */
export function refusalError(upstreamName: string, refusal: Refusal): AppError {
  const code =
    CODES.get(refusal.status) ?? (refusal.status >= 500 ? 'upstream.overloaded' : 'upstream.rejected')
  const retryAfter = refusal.headers['retry-after']
  const wait =
    retryAfter === undefined ? '' : ` It asks to wait ${retryAfter.slice(0, 40)}${isSeconds(retryAfter)}.`
  return new AppError(code, `${upstreamName} answered with status ${refusal.status}.${wait}`)
}

function isSeconds(retryAfter: string): string {
  return /^\d+$/.test(retryAfter) ? ' seconds' : ''
}

/** The upstream's own words, wherever in its body they are. */
export function refusalText(refusal: Refusal): string {
  const body = parse(refusal.body)
  if (body === undefined) return redactText(refusal.body.toString()).trim().slice(0, 2000)
  const { error } = body
  if (typeof error === 'string') return error
  const message = isRecord(error) ? error.message : body.message
  return typeof message === 'string' ? message : ''
}

/**
 * Passes an upstream's refusal on: status, Retry-After and the upstream's words as they are, in a JSON form that
 * the client understands, with our explanation beside them.
 */
export function sendRefusal(
  response: ServerResponse,
  dialect: Dialect,
  refusal: Refusal,
  explanation: AppError,
): void {
  const kept = clientHeaders(refusal.headers)
  delete kept['content-length']
  delete kept['content-encoding']
  const body = understandable(dialect, refusal, refusal.headers['content-encoding'] === undefined)
  sendJson(
    response,
    refusal.status,
    { ...body, relay: explain(explanation) },
    {
      ...kept,
      'content-type': 'application/json',
      ...errorHeaders(explanation),
    },
  )
}

function understandable(dialect: Dialect, refusal: Refusal, isReadable: boolean): Record<string, unknown> {
  const body = isReadable ? parse(refusal.body) : undefined
  const text = isReadable ? refusalText(refusal) : ''
  const message = text === '' ? `Status ${refusal.status} without any words.` : text
  const type = errorType(dialect, refusal.status)
  const original = isRecord(body?.error) ? body.error : {}
  if (dialect === 'ollama') return { ...body, error: message }
  if (dialect === 'messages') return { ...body, type: 'error', error: { type, ...original, message } }
  const code = typeof body?.code === 'string' ? body.code : null
  return { ...body, error: { type, param: null, code, ...original, message } }
}

function parse(body: Buffer): Record<string, unknown> | undefined {
  try {
    // An upstream may repeat the credential that it refuses.
    const value: unknown = JSON.parse(redactText(body.toString()))
    return isRecord(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
