import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  OPENING,
  opened,
  type StreamEffect,
  type StreamEvent,
  type StreamRules,
  type StreamState,
  streamStep,
} from '../../../../../src/shared/protocol/tunnel/stream-machine.ts'

const rules: fc.Arbitrary<StreamRules> = fc.record({
  ownWindow: fc.constantFrom(1_000, 5_000),
  peerWindow: fc.constantFrom(1_000, Number.POSITIVE_INFINITY),
  knowsHalfClose: fc.boolean(),
  isAgent: fc.boolean(),
})
const bytes = fc.integer({ min: 1, max: 800 })
const event: fc.Arbitrary<StreamEvent> = fc.oneof(
  fc.constantFrom<StreamEvent>(
    { from: 'peer', type: 'ack' },
    { from: 'peer', type: 'nack', message: 'no' },
    { from: 'peer', type: 'end' },
    { from: 'peer', type: 'close' },
    { from: 'peer', type: 'close', error: 'cut' },
    { from: 'user', type: 'end' },
    { from: 'user', type: 'reset', error: 'mine' },
  ),
  bytes.map((count): StreamEvent => ({ from: 'peer', type: 'data', bytes: count })),
  bytes.map((count): StreamEvent => ({ from: 'peer', type: 'credit', bytes: count })),
  bytes.map((count): StreamEvent => ({ from: 'user', type: 'data', bytes: count })),
)

function run(events: readonly StreamEvent[], by: StreamRules) {
  let state: StreamState = OPENING
  const effects: StreamEffect[] = []
  const states: StreamState[] = [state]
  for (const one of events) {
    const step = streamStep(state, one, by)
    state = step.state
    effects.push(...step.effects)
    states.push(state)
  }
  return { state, states, effects }
}

const tells = (effects: readonly StreamEffect[]) =>
  effects.flatMap((one) => ('tell' in one ? [one.tell] : []))
const sends = (effects: readonly StreamEffect[]) =>
  effects.flatMap((one) => ('send' in one ? [one.send] : []))

describe('whatever happens to a stream', () => {
  const each = (law: (result: ReturnType<typeof run>, by: StreamRules) => void) =>
    fc.assert(
      fc.property(fc.array(event, { maxLength: 40 }), rules, (events, by) => law(run(events, by), by)),
      { numRuns: 2_000 },
    )

  test('it is told to be closed exactly when it is, and once', () => {
    each(({ effects, state }) => {
      expect(tells(effects).filter((tell) => tell === 'closed').length).toBe(state.phase === 'closed' ? 1 : 0)
    })
  })

  test('it ends at most once, and never after it was reset, refused or broken', () => {
    each(({ effects }) => {
      const order = tells(effects)
      expect(order.filter((tell) => tell === 'end').length).toBeLessThanOrEqual(1)
      const bad = order.findIndex((tell) => ['reset', 'refused', 'broken'].includes(tell))
      if (bad >= 0) expect(order.slice(bad)).not.toContain('end')
    })
  })

  test('no data is delivered before it is open or after its end', () => {
    each(({ effects }) => {
      const order = tells(effects)
      const first = order.indexOf('data')
      if (first >= 0) expect(order.slice(0, first)).toContain('opened')
      const end = order.indexOf('end')
      if (end >= 0) expect(order.slice(end)).not.toContain('data')
    })
  })

  test('closed stays closed, and says nothing more', () => {
    each(({ states, effects }) => {
      const closedAt = states.findIndex(({ phase }) => phase === 'closed')
      if (closedAt >= 0) expect(states.slice(closedAt).every(({ phase }) => phase === 'closed')).toBe(true)
      expect(sends(effects).filter((send) => send === 'close').length).toBeLessThanOrEqual(1)
    })
  })

  test('a peer that knows no half-close is sent none of its messages', () => {
    each(({ effects }, by) => {
      if (!by.knowsHalfClose) expect(sends(effects)).not.toContain('end')
    })
  })
})

test('a peer may not send more than it has credit for', () => {
  const by: StreamRules = { ownWindow: 1_000, peerWindow: 1_000, knowsHalfClose: true, isAgent: true }
  const full = streamStep(opened(by), { from: 'peer', type: 'data', bytes: 1_000 }, by)
  expect(full.effects).toEqual([{ tell: 'data' }])
  const taken = streamStep(full.state, { from: 'user', type: 'taken', bytes: 600 }, by)
  expect(taken.effects).toEqual([{ send: 'credit', bytes: 600 }])
  expect(streamStep(taken.state, { from: 'peer', type: 'data', bytes: 600 }, by).effects).toEqual([
    { tell: 'data' },
  ])
  const over = streamStep(taken.state, { from: 'peer', type: 'data', bytes: 601 }, by)
  expect(tells(over.effects)).toEqual(['broken', 'closed'])
})

test('to a server of the first version an agent does not say that it has ended, so that the answer comes', () => {
  const by: StreamRules = {
    ownWindow: 1_000,
    peerWindow: Number.POSITIVE_INFINITY,
    knowsHalfClose: false,
    isAgent: true,
  }
  const ended = streamStep(opened(by), { from: 'user', type: 'end' }, by)
  expect(ended.effects).toEqual([])
  expect(tells(streamStep(ended.state, { from: 'peer', type: 'data', bytes: 5 }, by).effects)).toEqual([
    'data',
  ])
  expect(tells(streamStep(ended.state, { from: 'peer', type: 'close' }, by).effects)).toEqual([
    'end',
    'closed',
  ])
})

test('a server tells the end of an agent without half-close once, also when its own comes after it', () => {
  const by: StreamRules = { ownWindow: 1_000, peerWindow: 1_000, knowsHalfClose: false, isAgent: false }
  const half = streamStep(opened(by), { from: 'peer', type: 'end' }, by)
  expect(half.effects).toEqual([{ tell: 'end' }])
  expect(streamStep(half.state, { from: 'user', type: 'end' }, by)).toEqual({
    state: { phase: 'closed' },
    effects: [{ send: 'close' }, { tell: 'closed' }],
  })
})
