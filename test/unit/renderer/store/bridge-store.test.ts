import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type BridgeStore, startBridgeStore } from '../../../../src/renderer/store/bridge-store.ts'
import type { BridgeConnection } from '../../../../src/shared/bridge-api/connect-api.ts'
import { AppError } from '../../../../src/shared/errors/app-error.ts'
import { type FakeBridgeApi, fakeBridgeApi } from '../../../support/fake-bridge-api.ts'
import { NOON } from '../../../support/make-bridge-state.ts'

interface Line {
  readonly api: FakeBridgeApi
  readonly end: (reason: AppError) => void
}

let lines: Line[]
let pictures: (() => void)[]
let reason: AppError | undefined
let bridge: BridgeStore

beforeEach(() => {
  vi.useFakeTimers({ now: NOON })
  lines = []
  pictures = []
  reason = undefined
  bridge = startBridgeStore({
    transport: { kind: 'socket', open: openLine, reason: async () => reason },
    now: Date.now,
    random: () => 0,
    beforeNextPicture: (draw) => {
      pictures.push(draw)
      return () => {
        pictures = pictures.filter((one) => one !== draw)
      }
    },
  })
})
afterEach(() => {
  bridge.close()
  vi.useRealTimers()
})

function openLine(): BridgeConnection {
  const api = fakeBridgeApi()
  if (reason !== undefined) api.answer('getState', () => Promise.reject(cut))
  const { promise: closed, resolve: end } = Promise.withResolvers<AppError>()
  lines.push({ api, end })
  return Object.assign(api, { closed, close: () => {} })
}

async function drawn(): Promise<void> {
  await vi.advanceTimersByTimeAsync(0)
  for (const draw of pictures.splice(0)) draw()
}

const cut = new AppError('bridge.connection-ended', 'The connection to the bridge was cut.')

test('many states before the next picture cost one', async () => {
  await drawn()
  const told = vi.fn()
  bridge.store.subscribe(told)
  for (let count = 0; count < 200; count += 1) lines[0]?.api.publish({ profile: `p${count}` })
  expect(pictures).toHaveLength(1)
  await drawn()
  expect(told).toHaveBeenCalledTimes(1)
  expect(bridge.store.getState().state?.profile).toBe('p199')
})

test('a connection that ends is told with the next try, which finds the bridge again', async () => {
  await drawn()
  lines[0]?.end(cut)
  await vi.advanceTimersByTimeAsync(0)
  expect(bridge.store.getState().connection).toEqual({
    phase: 'gone',
    since: NOON,
    cause: cut,
    nextTryAt: NOON + 500,
  })
  expect(bridge.store.getState().state?.profile).toBe('default')
  await expect(bridge.api.connect({})).rejects.toMatchObject({ code: 'bridge.connection-ended' })
  await vi.advanceTimersByTimeAsync(500)
  await drawn()
  expect(lines).toHaveLength(2)
  expect(bridge.store.getState().connection).toEqual({ phase: 'open' })
})

test('a person may skip the wait, and does not open a second connection by that', async () => {
  await drawn()
  lines[0]?.end(cut)
  await vi.advanceTimersByTimeAsync(0)
  bridge.tryNow()
  bridge.tryNow()
  await drawn()
  await vi.advanceTimersByTimeAsync(60_000)
  expect(lines).toHaveLength(2)
})

test('states of a connection that has ended are ignored', async () => {
  await drawn()
  lines[0]?.end(cut)
  await vi.advanceTimersByTimeAsync(500)
  await drawn()
  lines[0]?.api.publish({ profile: 'of the old bridge' })
  await drawn()
  expect(bridge.store.getState().state?.profile).toBe('default')
})

test('a page whose session is over says so and stops asking', async () => {
  await drawn()
  reason = new AppError('api.token-wrong', 'The cookie is not of this bridge.')
  lines[0]?.end(cut)
  await vi.advanceTimersByTimeAsync(60_000)
  expect(lines).toHaveLength(2)
  expect(bridge.store.getState().connection).toMatchObject({
    phase: 'gone',
    cause: reason,
    nextTryAt: undefined,
  })
})

test('closing ends every timer', async () => {
  await drawn()
  lines[0]?.end(cut)
  await vi.advanceTimersByTimeAsync(0)
  bridge.close()
  expect(vi.getTimerCount()).toBe(0)
})
