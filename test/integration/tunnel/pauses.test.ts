import { describe, expect, test } from 'vitest'
import { type Ambient, REAL_AMBIENT } from '../../../src/node/ambient.ts'
import { freePort } from '../../support/free-port.ts'
import type { TestAgent } from '../../support/start-tunnel.ts'
import { tunnelFixture } from '../../support/tunnel-fixture.ts'

const { makeAgent } = tunnelFixture()

/** A wall clock that stands still, so that `nextTryAt` tells the pause to the millisecond. */
const NOW = Date.now()

function still(random: () => number): Ambient {
  return { ...REAL_AMBIENT, now: () => NOW, random }
}

function pausesOf({ states }: TestAgent): number[] {
  return states.flatMap((state) => (state.phase === 'reconnecting' ? [state.nextTryAt - NOW] : []))
}

describe.each(['h2', 'envelopes'] as const)('by %s, a server where nothing listens', (protocol) => {
  test('is dialled again after pauses that grow', async () => {
    const ambient = still(() => 0)
    const agent = makeAgent({ port: await freePort() }, { protocol, ambient })
    agent.egress.start()
    await expect.poll(() => pausesOf(agent).slice(0, 4), { timeout: 10_000 }).toEqual([200, 320, 512, 819])
  })

  test('is dialled again after pauses of which up to half is left to chance, each time anew', async () => {
    const draws = [0.25, 0.5, 0.75, 0.999]
    const ambient = still(() => draws.shift() ?? 0)
    const agent = makeAgent({ port: await freePort() }, { protocol, ambient })
    agent.egress.start()
    const jittered = [200 * 0.875, 320 * 0.75, 512 * 0.625, 410]
    await expect.poll(() => pausesOf(agent).slice(0, 4), { timeout: 10_000 }).toEqual(jittered)
  })

  test('is dialled again after the longest pause at most, however often it was', async () => {
    const backoff = { firstDelayMs: 1, capMs: 8, factor: 2, jitter: 0 }
    const ambient = still(() => 0)
    const agent = makeAgent({ port: await freePort() }, { protocol, ambient, backoff })
    agent.egress.start()
    await expect.poll(() => pausesOf(agent).slice(0, 6), { timeout: 10_000 }).toEqual([1, 2, 4, 8, 8, 8])
  })
})
