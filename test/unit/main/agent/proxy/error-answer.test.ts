import { describe, expect, test } from 'vitest'
import { errorAnswer } from '../../../../../src/main/agent/proxy/error-answer.ts'
import { AppError } from '../../../../../src/shared/errors/app-error.ts'
import { ERROR_CODES, type ErrorCode } from '../../../../../src/shared/errors/codes.ts'

/** Code, status, and error type of RFC 9209 §2.3: all that the proxy ever answers with. */
const ANSWERS: readonly (readonly [ErrorCode, number, string])[] = [
  ['egress.denied', 403, 'destination_ip_prohibited'],
  ['egress.dns-failed', 502, 'dns_error'],
  ['egress.refused', 502, 'connection_refused'],
  ['egress.unreachable', 502, 'connection_terminated'],
  ['egress.timeout', 504, 'connection_timeout'],
  ['egress.bad-answer', 502, 'http_protocol_error'],
  ['egress.unavailable', 503, 'destination_unavailable'],
  ['egress.password-unusable', 503, 'proxy_configuration_error'],
  ['proxy.bad-request', 400, 'http_request_error'],
  ['proxy.not-http', 501, 'http_request_error'],
  ['proxy.head-too-large', 431, 'http_request_error'],
  ['proxy.port-denied', 403, 'http_request_denied'],
  ['proxy.password-needed', 407, 'http_request_denied'],
  ['proxy.loop', 508, 'proxy_loop_detected'],
  ['agent.head-timeout', 408, 'http_request_error'],
  ['tunnel.down', 503, 'destination_unavailable'],
  ['tunnel.not-trusted', 502, 'tls_certificate_error'],
  ['tunnel.rejected', 502, 'tls_alert_received'],
  ['tunnel.protocol', 502, 'http_protocol_error'],
  ['tunnel.full', 503, 'connection_limit_reached'],
  ['certs.invalid', 503, 'proxy_configuration_error'],
  ['certs.expired', 503, 'proxy_configuration_error'],
  ['control.refused', 503, 'proxy_configuration_error'],
  ['control.failed', 503, 'destination_unavailable'],
  ['control.wake-timeout', 504, 'connection_timeout'],
  ['internal.bug', 500, 'proxy_internal_error'],
]

/** Of the families that the proxy answers with, those that only a command or the start of a server meets. */
const NEVER: readonly ErrorCode[] = [
  'tunnel.config-invalid',
  'certs.exists',
  'certs.missing',
  'certs.request-invalid',
  'certs.unwritable',
]

function headerOf(headers: readonly string[], name: string): string | undefined {
  return headers[headers.indexOf(name) + 1]
}

describe('what the proxy answers', () => {
  test.each(ANSWERS)('to %s is status %i and error type %s', (code, status, type) => {
    const answer = errorAnswer(new AppError(code, 'It "failed".'))
    expect(answer.status).toBe(status)
    expect(headerOf(answer.headers, 'X-Bridge-Error')).toBe(code)
    expect(headerOf(answer.headers, 'Proxy-Status')).toBe(
      `sovereign-bridge; error=${type}; details="It \\"failed\\"."`,
    )
  })

  test('is settled for every code of the proxy, its tunnel, its certificates and what wakes its server', () => {
    const ofProxy = Object.keys(ERROR_CODES).filter((code) =>
      /^(?:egress|proxy|tunnel|certs|control)\./.test(code),
    )
    const others = ['agent.head-timeout', 'internal.bug']
    const settled = [...ANSWERS.map(([code]) => code), ...NEVER]
    expect(settled.sort()).toEqual([...ofProxy, ...others].sort())
  })
})
