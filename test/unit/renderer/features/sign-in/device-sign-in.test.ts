import { expect, test } from 'vitest'
import {
  type Clock,
  type DeviceSignInFlow,
  deviceSignIn,
} from '../../../../../src/renderer/features/sign-in/device-sign-in.ts'
import { AppError } from '../../../../../src/shared/errors/app-error.ts'
import type { ErrorCode } from '../../../../../src/shared/errors/codes.ts'
import type { FlowStatus } from '../../../../../src/shared/protocol/relay-auth.ts'
import { type FakeBridgeApi, fakeBridgeApi } from '../../../../support/fake-bridge-api.ts'
import { NOON } from '../../../../support/make-bridge-state.ts'

/** Time that stands still until it is told to go on. */
class ManualClock implements Clock {
  private timers: { at: number; run: () => void }[] = []
  private time = NOON

  readonly now = (): number => this.time
  readonly random = (): number => 0
  readonly after = (ms: number, run: () => void): (() => void) => {
    const timer = { at: this.time + ms, run }
    this.timers.push(timer)
    return () => {
      this.timers = this.timers.filter((other) => other !== timer)
    }
  }

  get waiting(): number {
    return this.timers.length
  }

  async pass(ms: number): Promise<void> {
    const until = this.time + ms
    for (;;) {
      const [next] = this.timers.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)
      if (next === undefined) break
      this.timers = this.timers.filter((timer) => timer !== next)
      this.time = Math.max(this.time, next.at)
      next.run()
      await settled()
    }
    this.time = until
  }
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 8; turn += 1) await Promise.resolve()
}

interface Setting {
  readonly api: FakeBridgeApi
  readonly clock: ManualClock
  readonly signIn: DeviceSignInFlow
  readonly polls: () => number
  readonly state: () => ReturnType<DeviceSignInFlow['store']['getState']>
}

function setUp(): Setting {
  const api = fakeBridgeApi()
  const clock = new ManualClock()
  const signIn = deviceSignIn(api, clock)
  const polls = (): number => api.calls.filter(([name]) => name === 'pollSignIn').length
  return { api, clock, signIn, polls, state: () => signIn.store.getState() }
}

async function setUpWaiting(): Promise<Setting> {
  const setting = setUp()
  setting.signIn.start()
  await settled()
  return setting
}

const pending = (retryAfterMs?: number): FlowStatus => ({
  status: 'pending',
  message: 'Not yet.',
  ...(retryAfterMs === undefined ? {} : { retry_after_ms: retryAfterMs }),
})

const RUNNING = {
  flow_id: 'flow-9',
  user_code: 'WXYZ-0000',
  verification_uri: 'https://github.com/login/device',
  expires_in: 600,
  expires_after: 900,
  interval: 5,
}

test('a sign-in that a closed page began goes on with its code and the time that it has left', async () => {
  const { api, clock, signIn, state } = setUp()
  signIn.resume(RUNNING)
  expect(state()).toMatchObject({
    phase: 'waiting',
    isResumed: true,
    flow: { userCode: 'WXYZ-0000', startedAt: NOON - 300_000, endsAt: NOON + 600_000 },
  })
  api.answer('pollSignIn', () => ({ status: 'success', message: '' }))
  await clock.pass(1000)
  expect(api.calls).toEqual([['pollSignIn', { flowId: 'flow-9' }]])
  expect(state()).toEqual({ phase: 'ended', outcome: { kind: 'signed-in' } })
})

test('a sign-in of this page, and one that was given up here, is not exchanged for what the relay tells', async () => {
  const { signIn, state } = await setUpWaiting()
  const before = state()
  signIn.resume(RUNNING)
  expect(state()).toBe(before)
  signIn.reset()
  signIn.resume(RUNNING)
  signIn.stop()
  signIn.reset()
  signIn.resume(RUNNING)
  expect(state()).toEqual({ phase: 'idle' })
  signIn.resume({ ...RUNNING, flow_id: 'flow-10' })
  expect(state()).toMatchObject({ phase: 'waiting' })
})

test('a sign-in that is given up is given up at the relay too, and here also where the relay cannot be told', async () => {
  const { api, signIn, state } = await setUpWaiting()
  api.answer('stopSignIn', () => {
    throw new AppError('bridge.disconnected', 'The bridge is disconnected.')
  })
  signIn.stop()
  await settled()
  expect(api.calls.at(-1)).toEqual(['stopSignIn', { flowId: 'flow-1' }])
  expect(state()).toEqual({ phase: 'ended', outcome: { kind: 'stopped' } })
})

test('a started sign-in shows its code and until when it is good', async () => {
  const { state } = await setUpWaiting()
  expect(state()).toMatchObject({
    phase: 'waiting',
    flow: { userCode: 'ABCD-1234', page: 'https://github.com/login/device', endsAt: NOON + 900_000 },
    isSlowed: false,
  })
})

test('nothing of the flow that only the relay needs is in the state', async () => {
  const { state } = await setUpWaiting()
  expect(JSON.stringify(state())).not.toContain('flow-1')
})

test('the first look comes after one interval and not before', async () => {
  const { clock, polls } = await setUpWaiting()
  await clock.pass(4999)
  expect(polls()).toBe(0)
  await clock.pass(1)
  expect(polls()).toBe(1)
})

test('the pause that the relay names is kept', async () => {
  const { api, clock, polls } = await setUpWaiting()
  api.answer('pollSignIn', () => pending(6000))
  await clock.pass(5000)
  await clock.pass(5999)
  expect(polls()).toBe(1)
  await clock.pass(1)
  expect(polls()).toBe(2)
})

test('a relay that names no pause at all is not hammered at', async () => {
  const { api, clock, polls } = await setUpWaiting()
  api.answer('pollSignIn', () => pending(0))
  await clock.pass(5000 + 10_000)
  expect(polls()).toBeLessThanOrEqual(11)
})

test('a wish for longer pauses is told and stays', async () => {
  const { api, clock, state } = await setUpWaiting()
  api.answer('pollSignIn', () => pending(11_000))
  await clock.pass(5000)
  expect(state()).toMatchObject({ phase: 'waiting', isSlowed: true, everyMs: 11_000 })
  api.answer('pollSignIn', () => pending(3000))
  await clock.pass(11_000)
  expect(state()).toMatchObject({ phase: 'waiting', isSlowed: true, everyMs: 11_000 })
})

test('the usual second on top of the interval is no such wish', async () => {
  const { api, clock, state } = await setUpWaiting()
  api.answer('pollSignIn', () => pending(6000))
  await clock.pass(5000)
  expect(state()).toMatchObject({ isSlowed: false })
})

test('the sign-in ends with success, and nobody looks any more', async () => {
  const { api, clock, state } = await setUpWaiting()
  api.answer('pollSignIn', () => ({ status: 'success', message: 'Signed in.' }))
  await clock.pass(5000)
  expect(state()).toEqual({ phase: 'ended', outcome: { kind: 'signed-in' } })
  expect(clock.waiting).toBe(0)
})

test.each([
  ['expired', 'relay.sign-in-expired', 'expired'],
  ['denied', 'relay.sign-in-denied', 'denied'],
  ['error', 'relay.copilot-refused', 'no-copilot'],
  ['error', 'relay.copilot-blocked', 'blocked'],
  ['error', 'relay.sign-in-impossible', 'impossible'],
  ['error', 'relay.github-unreachable', 'network'],
  ['error', 'relay.some-code-of-tomorrow', 'failed'],
] as const)('the relay says %s (%s): the sign-in ends as %s', async (status, code, kind) => {
  const { api, clock, state } = await setUpWaiting()
  api.answer('pollSignIn', () => ({ status, code, message: 'It is so.' }))
  await clock.pass(5000)
  expect(state()).toMatchObject({ phase: 'ended', outcome: { kind, failure: { message: 'It is so.' } } })
  expect(clock.waiting).toBe(0)
})

test.each([
  'relay.github-unreachable',
  'relay.unreachable',
  'bridge.connection-ended',
  'ssh.not-connected',
  'bridge.disconnected',
] satisfies ErrorCode[])('%s while waiting is told, and it is tried again', async (code) => {
  const { api, clock, state } = await setUpWaiting()
  api.answer('pollSignIn', () => Promise.reject(new AppError(code, 'Away.')))
  await clock.pass(5000)
  expect(state()).toMatchObject({ phase: 'waiting', trouble: { code } })
  api.answer('pollSignIn', () => ({ status: 'success', message: 'Signed in.' }))
  await clock.pass(40_000)
  expect(state()).toMatchObject({ outcome: { kind: 'signed-in' } })
})

test('a relay that was restarted has forgotten the code', async () => {
  const { api, clock, state } = await setUpWaiting()
  api.answer('pollSignIn', () => Promise.reject(new AppError('relay.sign-in-unknown', 'There is none.')))
  await clock.pass(5000)
  expect(state()).toMatchObject({ phase: 'ended', outcome: { kind: 'forgotten' } })
})

test('the code runs out by itself, without another question', async () => {
  const { api, clock, polls, state } = await setUpWaiting()
  api.answer('pollSignIn', () => pending(600_000))
  await clock.pass(900_000)
  expect(state()).toMatchObject({ phase: 'ended', outcome: { kind: 'expired' } })
  expect(polls()).toBe(2)
})

test('a relay without an identity lets the person choose one', async () => {
  const { api, signIn, state } = setUp()
  api.answer('startSignIn', () => Promise.reject(new AppError('relay.identity-needed', 'None.')))
  signIn.start()
  await settled()
  expect(state()).toEqual({ phase: 'choosing', wasTried: undefined })
  signIn.start('own')
  await settled()
  expect(state()).toEqual({ phase: 'choosing', wasTried: 'own' })
  expect(api.calls.at(-1)).toEqual(['startSignIn', { identity: 'own' }])
})

test.each([
  ['relay.github-unreachable', 'network'],
  ['bridge.disconnected', 'disconnected'],
  ['relay.admin-only', 'failed'],
] as const)('a start that fails with %s ends as %s', async (code, kind) => {
  const { api, signIn, state } = setUp()
  api.answer('startSignIn', () => Promise.reject(new AppError(code, 'No.')))
  signIn.start()
  await settled()
  expect(state()).toMatchObject({ phase: 'ended', outcome: { kind } })
})

test('whoever leaves is asked nothing more, and goes on after coming back', async () => {
  const { clock, polls, signIn, state } = await setUpWaiting()
  signIn.leave()
  expect(state()).toMatchObject({ phase: 'away', flow: { userCode: 'ABCD-1234' } })
  await clock.pass(60_000)
  expect(polls()).toBe(0)
  signIn.comeBack()
  expect(state()).toMatchObject({ phase: 'waiting', isResumed: true })
  await clock.pass(1000)
  expect(polls()).toBe(1)
})

test('a code that ran out meanwhile is told on coming back', async () => {
  const { clock, polls, signIn, state } = await setUpWaiting()
  signIn.leave()
  await clock.pass(1_000_000)
  signIn.comeBack()
  expect(state()).toMatchObject({ phase: 'ended', outcome: { kind: 'expired' } })
  expect(polls()).toBe(0)
})

test('an answer that comes after the person has left changes nothing', async () => {
  const { api, clock, signIn, state } = await setUpWaiting()
  const { promise, resolve } = Promise.withResolvers<FlowStatus>()
  api.answer('pollSignIn', () => promise)
  await clock.pass(5000)
  signIn.leave()
  resolve({ status: 'success', message: 'Signed in.' })
  await settled()
  expect(state()).toMatchObject({ phase: 'away' })
})

test('stopping gives the code up at once', async () => {
  const { clock, signIn, state } = await setUpWaiting()
  signIn.stop()
  expect(state()).toEqual({ phase: 'ended', outcome: { kind: 'stopped' } })
  expect(clock.waiting).toBe(0)
})

test('the code of an earlier start that is late does not replace the newer one', async () => {
  const { api, signIn, state } = setUp()
  const { promise, resolve } = Promise.withResolvers<unknown>()
  api.answer('startSignIn', () => promise)
  signIn.start()
  signIn.reset()
  resolve({ user_code: 'LATE-0000', verification_uri: '', flow_id: 'x', expires_in: 900, interval: 5 })
  await settled()
  expect(state()).toEqual({ phase: 'idle' })
})
