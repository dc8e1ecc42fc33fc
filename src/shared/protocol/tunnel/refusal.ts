import type { ErrorCode } from '../../errors/codes.ts'

/**
 * How the server says why it opened no connection: a status, and `error` of the Proxy-Status header (RFC 9209 §2.3)
 * in HTTP/2; our code in `connect_ack`. One row for each reason.
 */
const REFUSALS = [
  ['egress.denied', 403, 'destination_ip_prohibited'],
  ['egress.dns-failed', 502, 'dns_error'],
  ['egress.refused', 502, 'connection_refused'],
  ['egress.unreachable', 502, 'destination_ip_unroutable'],
  ['egress.timeout', 504, 'connection_timeout'],
  ['egress.bad-answer', 502, 'http_protocol_error'],
  ['proxy.loop', 508, 'proxy_loop_detected'],
  ['tunnel.full', 503, 'connection_limit_reached'],
  ['tunnel.down', 503, 'proxy_internal_response'],
  ['tunnel.protocol', 400, 'http_request_error'],
] as const satisfies readonly (readonly [ErrorCode, number, string])[]

export type RefusalCode = (typeof REFUSALS)[number][0]

export interface Refusal {
  readonly code: RefusalCode
  readonly message: string
}

export interface RefusalAnswer {
  readonly status: number
  readonly proxyStatus: string
}

/** @param by who refuses, as Proxy-Status names it. */
export function refusalAnswer(by: string, { code, message }: Refusal): RefusalAnswer {
  const [, status, error] = REFUSALS.find(([known]) => known === code) ?? REFUSALS[3]
  return { status, proxyStatus: `${by}; error=${error}; details="${sfString(message)}"` }
}

/** The reason behind an answer without success, also one of a server that is not ours. */
export function readRefusal(status: number, proxyStatus: string | undefined): Refusal {
  const error = /;\s*error=([\w-]+)/.exec(proxyStatus ?? '')?.[1]
  const details = /;\s*details="((?:[^"\\]|\\.)*)"/.exec(proxyStatus ?? '')?.[1]
  const row = REFUSALS.find(([, , name]) => name === error) ?? REFUSALS.find(([, known]) => known === status)
  return {
    code: row?.[0] ?? 'egress.unreachable',
    message: details?.replace(/\\(.)/g, '$1') ?? `The tunnel server answered with status ${status}.`,
  }
}

/** Of any failure; what has no row is one of the way to the host. */
export function toRefusalCode(code: string): RefusalCode {
  return REFUSALS.find(([known]) => known === code)?.[0] ?? 'egress.unreachable'
}

/** A string of RFC 8941 §3.3.3 holds printable ASCII only. */
function sfString(text: string): string {
  return text
    .replace(/[^\x20-\x7e]/g, '?')
    .replace(/["\\]/g, '\\$&')
    .slice(0, 500)
}
