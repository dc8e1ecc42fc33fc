import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { Notifier } from '../../../../src/main/desktop/notifier.ts'
import { AppError, toFailure } from '../../../../src/shared/errors/app-error.ts'
import type { BridgeState } from '../../../../src/shared/state/bridge-state.ts'
import type { Prompt } from '../../../../src/shared/state/prompt.ts'
import { fakeBridgeApi } from '../../../support/fake-bridge-api.ts'
import { makeBridgeState, NOON } from '../../../support/make-bridge-state.ts'

const CAUSE = toFailure(new AppError('ssh.connection-lost', 'The connection to pi was cut.'))
const { relay } = makeBridgeState()
const WORKS: Partial<BridgeState> = {
  relay: {
    ...relay,
    health: {
      kind: 'ok',
      at: NOON,
      version: '0.1.0',
      roundTripMs: 5,
      upstreams: [{ name: 'copilot', signedIn: true }],
    },
  },
}
const CUT: Partial<BridgeState> = {
  relay: { ...relay, link: { phase: 'failed', since: NOON, cause: CAUSE } },
}

beforeEach(() => void vi.useFakeTimers({ now: NOON }))
afterEach(() => void vi.useRealTimers())

function question(id: string, host = id): Prompt {
  return { id, askedAt: NOON, kind: 'password', user: 'eve', host, attempt: 1 }
}

function startNotifier() {
  const api = fakeBridgeApi(WORKS)
  const startedAt = Date.now()
  const shown: (readonly [ms: number, body: string])[] = []
  const person = { isWanted: true, isInFront: false }
  const notifier = new Notifier({
    state: makeBridgeState(WORKS),
    onState: (listener) => api.on('state', listener),
    isWanted: () => person.isWanted,
    isInFront: () => person.isInFront,
    show: ({ body }) => void shown.push([Date.now() - startedAt, body]),
    ambient: { monotonicMs: Date.now },
  })
  onTestFinished(() => notifier.close())
  return { api, notifier, person, shown, bodies: () => shown.map(([, body]) => body) }
}

test('several at once come one after the other, half a second apart', async () => {
  const { api, shown } = startNotifier()
  api.publish({ prompts: [question('a'), question('b')] })
  api.publish({ prompts: [question('a'), question('b'), question('c')] })
  await vi.advanceTimersByTimeAsync(5000)
  expect(shown).toEqual([
    [0, 'eve@a asks you something.'],
    [500, 'eve@b asks you something.'],
    [1000, 'eve@c asks you something.'],
  ])
})

test('the same words twice in a row are said once, and again after a minute', async () => {
  const { api, bodies } = startNotifier()
  api.publish({ prompts: [question('1', 'vm')] })
  await vi.advanceTimersByTimeAsync(2000)
  api.publish({ prompts: [question('2', 'vm')] })
  await vi.advanceTimersByTimeAsync(2000)
  expect(bodies()).toHaveLength(1)
  await vi.advanceTimersByTimeAsync(60_000)
  api.publish({ prompts: [question('3', 'vm')] })
  expect(bodies()).toHaveLength(2)
})

test('a connection that stays broken is told of without a new state', async () => {
  const { api, shown } = startNotifier()
  await vi.advanceTimersByTimeAsync(30_000)
  api.publish(CUT)
  await vi.advanceTimersByTimeAsync(14_000)
  expect(shown).toEqual([])
  await vi.advanceTimersByTimeAsync(60_000)
  expect(shown).toEqual([[45_000, expect.stringContaining('was cut.')]])
})

test('a connection that is back in time is nobody told of', async () => {
  const { api, shown } = startNotifier()
  await vi.advanceTimersByTimeAsync(30_000)
  api.publish(CUT)
  await vi.advanceTimersByTimeAsync(14_000)
  api.publish(WORKS)
  await vi.advanceTimersByTimeAsync(60_000)
  expect(shown).toEqual([])
})

test('whoever looks at a window, or has switched notifications off, is told nothing, also not later', async () => {
  const { api, person, shown } = startNotifier()
  person.isInFront = true
  api.publish({ prompts: [question('a')] })
  person.isInFront = false
  person.isWanted = false
  api.publish({ prompts: [question('a'), question('b')] })
  person.isWanted = true
  api.publish({ prompts: [question('a'), question('b')] })
  await vi.advanceTimersByTimeAsync(60_000)
  expect(shown).toEqual([])
  api.publish({ prompts: [question('c')] })
  expect(shown).toHaveLength(1)
})

test('what waits for its turn is dropped once somebody looks', async () => {
  const { api, bodies, person } = startNotifier()
  api.publish({ prompts: [question('a'), question('b')] })
  person.isInFront = true
  await vi.advanceTimersByTimeAsync(5000)
  expect(bodies()).toEqual(['eve@a asks you something.'])
})

test('a closed notifier has no timer and no listener left', () => {
  const { api, notifier } = startNotifier()
  api.publish({ ...CUT, prompts: [question('a'), question('b')] })
  notifier.close()
  expect([api.listenerCount, vi.getTimerCount()]).toEqual([0, 0])
})
