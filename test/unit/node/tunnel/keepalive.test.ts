import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { AGENT_KEEPALIVE, startKeepalive } from '../../../../src/node/tunnel/keepalive.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function makePeer() {
  const peer = { received: 0, sent: 0, pings: 0, deadAfterMs: undefined as number | undefined }
  let answer: (() => void) | undefined
  const end = startKeepalive(
    {
      bytesReceived: () => peer.received,
      bytesSent: () => peer.sent,
      ping: (onRoundTrip) => {
        peer.pings += 1
        answer = onRoundTrip
      },
      dead: (silentMs) => {
        peer.deadAfterMs = silentMs
      },
    },
    AGENT_KEEPALIVE,
  )
  return { peer, end, answer: () => answer?.() }
}

test('with something under way a dead server is found within 10 s', () => {
  const { peer } = makePeer()
  peer.received = 1
  vi.advanceTimersByTime(500)
  peer.sent = 100
  vi.advanceTimersByTime(9_500)
  expect(peer.deadAfterMs).toBeLessThan(10_000)
})

test('an idle tunnel is asked every 15 s, and lives as long as it answers', () => {
  const { peer, answer } = makePeer()
  for (let count = 1; count <= 10; count += 1) {
    vi.advanceTimersByTime(15_000)
    expect(peer.pings).toBe(count)
    answer()
  }
  expect(peer.deadAfterMs).toBeUndefined()
  vi.advanceTimersByTime(24_000)
  expect(peer.deadAfterMs).toBe(23_000)
})

test('any byte is a sign of life', () => {
  const { peer } = makePeer()
  for (let count = 0; count < 60; count += 1) {
    peer.sent += 1
    vi.advanceTimersByTime(2_000)
    peer.received += 1
  }
  expect(peer).toMatchObject({ pings: 0, deadAfterMs: undefined })
})

test('nothing is asked after its end', () => {
  const { peer, end } = makePeer()
  end()
  vi.advanceTimersByTime(100_000)
  expect(peer.pings).toBe(0)
})
