import { expect, test } from 'vitest'
import { isTunnelSettled } from '../../../../../src/renderer/features/first-run/is-tunnel-settled.ts'
import type { Failure } from '../../../../../src/shared/errors/app-error.ts'
import { makeClientState, NOON } from '../../../../support/make-bridge-state.ts'

const CAUSE: Failure = { code: 'ssh.unreachable', message: 'No.', recovery: 'user', remedy: 'Look.' }
const CONNECTED = { phase: 'connected', since: NOON, roundTripMs: 1 } as const
const LISTENING = { phase: 'listening', address: 'a', since: NOON } as const

test('a tunnel is up once its link is connected and the far side listens, which comes first', () => {
  const connecting = { phase: 'connecting', step: 'opening', attempt: 1, since: NOON } as const
  expect(isTunnelSettled(makeClientState({ link: connecting, listener: LISTENING }))).toBe(false)
  expect(isTunnelSettled(makeClientState({ link: CONNECTED, listener: { phase: 'off' } }))).toBe(false)
  expect(isTunnelSettled(makeClientState({ link: CONNECTED, listener: LISTENING }))).toBe(true)
})

test('one that a person has to look at is not waited for', () => {
  const failed = { phase: 'failed', address: 'a', since: NOON, cause: CAUSE } as const
  expect(isTunnelSettled(makeClientState({ link: CONNECTED, listener: failed }))).toBe(true)
  const link = { phase: 'failed', since: NOON, cause: CAUSE } as const
  expect(isTunnelSettled(makeClientState({ link, listener: { phase: 'off' } }))).toBe(true)
})
