import { expect, test } from 'vitest'
import { HEARTBEAT, heartbeatFor } from '../../../../src/main/ssh/heartbeat.ts'

const host = (seconds: number, count: number) => ({
  serverAliveIntervalMs: seconds * 1000,
  serverAliveCountMax: count,
})

test('without a ServerAliveInterval our own limits hold', () => {
  expect(heartbeatFor(host(0, 3), HEARTBEAT)).toEqual(HEARTBEAT)
})

test('a stricter ServerAliveInterval is kept', () => {
  const { idleMs, idleReplyMs } = heartbeatFor(host(4, 3), HEARTBEAT)
  expect(idleMs).toBe(4_000)
  expect(idleMs + idleReplyMs).toBe(12_000)
})

test('a laxer one does not make a dead peer go unnoticed for longer', () => {
  expect(heartbeatFor(host(60, 5), HEARTBEAT)).toEqual(HEARTBEAT)
})

test('a single missed answer still leaves time for one to arrive', () => {
  expect(heartbeatFor(host(1, 1), HEARTBEAT)).toMatchObject({
    idleMs: 1_000,
    idleReplyMs: HEARTBEAT.busyReplyMs,
  })
})
