import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'
import type { AppError } from '../../../shared/errors/app-error.ts'
import { type ErrorCode, errorDefinition } from '../../../shared/errors/codes.ts'
import type { EGRESS_ERRORS } from '../../../shared/errors/codes-egress.ts'
import { answerByItself } from './own-answer.ts'

export interface ErrorAnswer {
  readonly status: number
  readonly reason: string
  /** Names and values by turns, Content-Length among them. */
  readonly headers: string[]
  readonly body: string
}

/** Met by commands, by the start of a server and by the settings of the system, never on the way of a request. */
type OfNoRequest =
  | 'tunnel.config-invalid'
  | 'certs.exists'
  | 'certs.missing'
  | 'certs.request-invalid'
  | 'certs.unwritable'
  | `system-proxy.${string}`
type Answered = Exclude<keyof typeof EGRESS_ERRORS, OfNoRequest> | 'agent.head-timeout' | 'internal.bug'

/** The error types of RFC 9209 §2.3; a new code of the proxy or its tunnel needs one. */
const ERROR_TYPES: Readonly<Record<Answered, string>> = {
  'egress.denied': 'destination_ip_prohibited',
  'egress.dns-failed': 'dns_error',
  'egress.refused': 'connection_refused',
  'egress.unreachable': 'connection_terminated',
  'egress.timeout': 'connection_timeout',
  'egress.bad-answer': 'http_protocol_error',
  'egress.unavailable': 'destination_unavailable',
  'egress.password-unusable': 'proxy_configuration_error',
  'proxy.bad-request': 'http_request_error',
  'proxy.not-http': 'http_request_error',
  'proxy.head-too-large': 'http_request_error',
  'proxy.port-denied': 'http_request_denied',
  'proxy.password-needed': 'http_request_denied',
  'proxy.loop': 'proxy_loop_detected',
  'agent.head-timeout': 'http_request_error',
  'tunnel.down': 'destination_unavailable',
  'tunnel.not-trusted': 'tls_certificate_error',
  'tunnel.rejected': 'tls_alert_received',
  'tunnel.protocol': 'http_protocol_error',
  'tunnel.full': 'connection_limit_reached',
  // Of this computer: what is wrong with the certificate of the server is `tunnel.not-trusted`.
  'certs.invalid': 'proxy_configuration_error',
  'certs.expired': 'proxy_configuration_error',
  'control.refused': 'proxy_configuration_error',
  'control.failed': 'destination_unavailable',
  'control.wake-timeout': 'connection_timeout',
  'internal.bug': 'proxy_internal_error',
}

/**
 * What happened, why, and what to do: a short page for who takes HTML, JSON for programs.
 *
 * @param accept what the client says that it takes.
 */
export function errorAnswer(error: AppError, accept = ''): ErrorAnswer {
  const { code, message, recovery, remedy } = error
  const { status = 500, meaning } = errorDefinition(code)
  const reason = STATUS_CODES[status] ?? 'Refused'
  const isPage = /\btext\/html\b/i.test(accept)
  const body = isPage
    ? page(status, reason, message, meaning, remedy, code)
    : `${JSON.stringify({ error: { message: `${message} ${remedy}`, type: 'proxy_error', param: null, code }, bridge: { code, message, recovery, remedy } })}\n`
  return {
    status,
    reason,
    headers: [
      ...['Content-Type', isPage ? 'text/html; charset=utf-8' : 'application/json'],
      ...['Content-Length', String(Buffer.byteLength(body))],
      ...['Cache-Control', 'no-store'],
      ...['X-Bridge-Error', code],
      ...['Proxy-Status', `sovereign-bridge; error=${errorType(code)}; details=${quoted(message)}`],
      ...(status === 407 ? ['Proxy-Authenticate', 'Basic realm="Sovereign Bridge", charset="UTF-8"'] : []),
      ...(isPage ? ['Content-Security-Policy', "default-src 'none'; style-src 'unsafe-inline'"] : []),
    ],
    body,
  }
}

export function sendError(request: IncomingMessage, response: ServerResponse, error: AppError): void {
  const { status, reason, headers, body } = errorAnswer(error, request.headers.accept)
  answerByItself(request, response, () => {
    // Who writes one request incorrectly may not end it where we do (RFC 9112 §2.2).
    if (error.code === 'proxy.bad-request') response.shouldKeepAlive = false
    response.writeHead(status, reason, headers)
    response.end(request.method === 'HEAD' ? undefined : body)
  })
}

/** A whole answer after which the connection ends. */
export function rawErrorAnswer(error: AppError, accept = ''): string {
  const { status, reason, headers, body } = errorAnswer(error, accept)
  const lines = [`HTTP/1.1 ${status} ${reason}`]
  for (let index = 0; index < headers.length; index += 2)
    lines.push(`${headers[index]}: ${headers[index + 1]}`)
  return [...lines, 'Connection: close', '', body].join('\r\n')
}

function errorType(code: ErrorCode): string {
  const types: Partial<Record<ErrorCode, string>> = ERROR_TYPES
  return types[code] ?? ERROR_TYPES['internal.bug']
}

/** A string of a structured field (RFC 8941 §3.3.3), which is ASCII. */
function quoted(text: string): string {
  return `"${text
    .replace(/\s+/g, ' ')
    .replace(/[^\x20-\x7e]/g, '?')
    .replace(/["\\]/g, '\\$&')}"`
}

function page(
  status: number,
  reason: string,
  what: string,
  why: string,
  remedy: string,
  code: string,
): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${status} ${reason}</title>
<style>
body { max-width: 36rem; margin: 12vh auto; padding: 0 1.5rem; font: 1rem/1.6 system-ui, sans-serif; color-scheme: light dark }
h1 { font-size: 1.3rem; line-height: 1.35 }
small { opacity: .7 }
</style>
<h1>${escaped(what)}</h1>
<p>${escaped(why)}</p>
<p>${escaped(remedy)}</p>
<small>Sovereign Bridge proxy, ${escaped(code)}</small>
</html>
`
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
