import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { UsageWatch } from '../../../../src/main/desktop/usage-watch.ts'
import { AppError } from '../../../../src/shared/errors/app-error.ts'
import type { BridgeState } from '../../../../src/shared/state/bridge-state.ts'
import { makeBridgeState, NOON } from '../../../support/make-bridge-state.ts'

const MINUTE = 60_000
const OFF = makeBridgeState({ wanted: 'disconnected' })
const WAITING = makeBridgeState()

beforeEach(() => void vi.useFakeTimers({ now: NOON }))
afterEach(() => void vi.useRealTimers())

function answering(...signedIn: readonly string[]): BridgeState {
  const upstreams = ['copilot', 'openrouter'].map((name) => ({ name, signedIn: signedIn.includes(name) }))
  const health = { kind: 'ok', at: NOON, version: '0.1.0', roundTripMs: 2, upstreams } as const
  return makeBridgeState({ relay: { ...WAITING.relay, health } })
}

function startWatch(answer: () => unknown = () => ({ requests: 3 })) {
  const seen = { asked: 0, told: [] as (string | undefined)[] }
  const watch = new UsageWatch({
    ask: async () => {
      seen.asked += 1
      return answer()
    },
    now: Date.now,
    onChange: () => void seen.told.push(watch.words),
  })
  onTestFinished(() => watch.close())
  return { watch, seen }
}

test('nobody is asked before the relay answers, or while nobody wants a connection', async () => {
  const { watch, seen } = startWatch()
  for (const state of [OFF, WAITING, { ...answering('copilot'), wanted: 'disconnected' } as const]) {
    watch.see(state)
    await vi.advanceTimersByTimeAsync(20 * MINUTE)
  }
  expect([seen.asked, watch.words]).toEqual([0, undefined])
})

test('a relay that answers is asked at once and then every five minutes, however often its state changes', async () => {
  const { watch, seen } = startWatch()
  for (let second = 0; second < 11 * 60; second += 1) {
    watch.see(answering('copilot'))
    await vi.advanceTimersByTimeAsync(1000)
  }
  expect(seen.asked).toBe(3)
  expect(seen.told).toEqual(['Usage since the relay started: 3 requests'])
})

test('before the first answer the usage is said to be unknown', () => {
  const { watch } = startWatch()
  watch.see(answering())
  expect(watch.words).toBe('Usage this month: not known: asking the relay')
})

test('a sign-in is a reason to ask again', async () => {
  const { watch, seen } = startWatch()
  watch.see(answering())
  await vi.advanceTimersByTimeAsync(1000)
  watch.see(answering('copilot'))
  await vi.advanceTimersByTimeAsync(1000)
  expect(seen.asked).toBe(2)
})

test('a lost relay is not asked, keeps what it said last, and is asked when it is back', async () => {
  const { watch, seen } = startWatch()
  watch.see(answering('copilot'))
  await vi.advanceTimersByTimeAsync(0)
  watch.see(WAITING)
  await vi.advanceTimersByTimeAsync(20 * MINUTE)
  expect([seen.asked, watch.words]).toEqual([1, 'Usage since the relay started: 3 requests'])
  watch.see(answering('copilot'))
  await vi.advanceTimersByTimeAsync(0)
  expect(seen.asked).toBe(2)
})

test.each([
  [
    'an error',
    () => {
      throw new AppError('bridge.disconnected', 'The bridge is disconnected.')
    },
    'Usage this month: not known: The bridge is disconnected.',
  ],
  ['something else', () => 'hello', 'Usage this month: not known: the relay has answered something else.'],
])('%s in place of an answer is told, and is no zero', async (_what, answer, words) => {
  const { watch, seen } = startWatch(answer)
  watch.see(answering('copilot'))
  await vi.advanceTimersByTimeAsync(0)
  expect([watch.words, seen.told]).toEqual([words, [words]])
})

test('an answer that comes after the disconnect is nobody told of', async () => {
  const { promise, resolve } = Promise.withResolvers<unknown>()
  const { watch, seen } = startWatch(() => promise)
  watch.see(answering('copilot'))
  watch.see(OFF)
  resolve({ requests: 3 })
  await vi.advanceTimersByTimeAsync(20 * MINUTE)
  expect([seen, watch.words]).toEqual([{ asked: 1, told: [] }, undefined])
})

test('a closed watch asks no more', async () => {
  const { watch, seen } = startWatch()
  watch.see(answering('copilot'))
  await vi.advanceTimersByTimeAsync(0)
  watch.close()
  await vi.advanceTimersByTimeAsync(20 * MINUTE)
  expect([seen.asked, vi.getTimerCount()]).toEqual([1, 0])
})

test('the usage of one relay is not shown for another one, nor what there was to look at', async () => {
  const limits = [
    { scope: 'relay', name: 'cost', period: 'month', unit: 'USD', state: 'spent', limit: 5, used: 5 },
  ]
  const { watch } = startWatch(async () => ({ requests: 3, limits }))
  watch.see(answering('copilot'))
  await vi.advanceTimersByTimeAsync(0)
  expect(watch.words).toBe('Usage since the relay started: 3 requests')
  expect(watch.matters).toMatchObject([{ words: 'the monthly limit of the relay (USD) is used up' }])
  watch.see({ ...WAITING, relay: { ...WAITING.relay, place: 'pi:8080' } })
  expect([watch.words, watch.matters]).toEqual([undefined, []])
})
