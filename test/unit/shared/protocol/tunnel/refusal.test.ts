import { expect, test } from 'vitest'
import { readRefusal, refusalAnswer } from '../../../../../src/shared/protocol/tunnel/refusal.ts'

test.each([
  ['egress.denied', 403],
  ['egress.dns-failed', 502],
  ['egress.refused', 502],
  ['egress.unreachable', 502],
  ['egress.timeout', 504],
  ['egress.bad-answer', 502],
  ['proxy.loop', 508],
  ['tunnel.full', 503],
  ['tunnel.down', 503],
  ['tunnel.protocol', 400],
] as const)('%s crosses as %i and comes out the same', (code, status) => {
  const message = 'example.org:443 said "no\\way".'
  const answer = refusalAnswer('here', { code, message })
  expect(answer.status).toBe(status)
  expect(readRefusal(answer.status, answer.proxyStatus)).toEqual({ code, message })
})

test('what a header cannot carry is left out', () => {
  const { proxyStatus } = refusalAnswer('here', { code: 'egress.refused', message: 'bücher\r\nX: y' })
  expect(proxyStatus).toMatch(/^[\x20-\x7e]*$/)
})

test('the answer of a server that is not ours is read by its status', () => {
  expect(readRefusal(504, undefined).code).toBe('egress.timeout')
  expect(readRefusal(418, undefined)).toEqual({
    code: 'egress.unreachable',
    message: 'The tunnel server answered with status 418.',
  })
})
