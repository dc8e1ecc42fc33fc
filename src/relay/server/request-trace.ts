import type { IncomingHttpHeaders } from 'node:http'

/** What a client calls its own request, so that its log and ours can be laid side by side. */
export interface RequestTrace {
  readonly clientRequestId?: string
  readonly traceId?: string
}

const PLAIN_ID = /^[\w.:/+=@-]{1,128}$/
/** https://www.w3.org/TR/trace-context/#traceparent-header-field-values */
const TRACEPARENT = /^(?!ff)[\da-f]{2}-(?!0{32})([\da-f]{32})-(?!0{16})[\da-f]{16}-[\da-f]{2}(?:$|-)/

/** Reads `X-Request-Id` and `traceparent`; what could do harm in a log is passed over. */
export function traceOf(headers: IncomingHttpHeaders): RequestTrace {
  const id = headers['x-request-id']
  const parent = headers.traceparent
  const traceId = typeof parent === 'string' ? TRACEPARENT.exec(parent)?.[1] : undefined
  return {
    ...(typeof id === 'string' && PLAIN_ID.test(id) ? { clientRequestId: id } : {}),
    ...(traceId === undefined ? {} : { traceId }),
  }
}
