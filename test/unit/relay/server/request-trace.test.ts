import { expect, test } from 'vitest'
import { traceOf } from '../../../../src/relay/server/request-trace.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'

test.each([
  ['a plain id', { 'x-request-id': 'build-77/step:3' }, { clientRequestId: 'build-77/step:3' }],
  ['an id with blanks', { 'x-request-id': 'a b' }, {}],
  ['an id with a line end', { 'x-request-id': 'a\nb' }, {}],
  ['an id that is too long', { 'x-request-id': 'x'.repeat(129) }, {}],
  ['a trace', { traceparent: `00-${TRACE}-00f067aa0ba902b7-01` }, { traceId: TRACE }],
  ['a trace of a later version', { traceparent: `cc-${TRACE}-00f067aa0ba902b7-01-more` }, { traceId: TRACE }],
  ['a trace of zeros', { traceparent: `00-${'0'.repeat(32)}-00f067aa0ba902b7-01` }, {}],
  ['a trace that is none', { traceparent: 'what?' }, {}],
])('%s', (_name, headers, trace) => {
  expect(traceOf(headers)).toEqual(trace)
})
