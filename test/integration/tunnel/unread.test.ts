import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import { describe, expect, test, vi } from 'vitest'
import { H2, UNREAD } from '../../../src/shared/protocol/tunnel/wire.ts'
import { startEcho, startHost } from '../../support/start-hosts.ts'
import type { TestAgent } from '../../support/start-tunnel.ts'
import { openStream } from '../../support/through-tunnel.ts'
import { tunnelFixture } from '../../support/tunnel-fixture.ts'

const { startServer, makeAgent } = tunnelFixture()

const BLOCK = Buffer.alloc(64 * 1024, 'x')
const MIB = 2 ** 20

/** Says as much as it is let. */
function flood(stream: Duplex): void {
  const more = (): void => {
    while (!stream.destroyed && stream.write(BLOCK));
  }
  stream.on('drain', more)
  more()
}

async function echoes(agent: TestAgent, port: number): Promise<void> {
  const stream = await openStream(agent, port)
  stream.write('hello')
  expect(String((await once(stream, 'data'))[0])).toBe('hello')
  stream.destroy()
}

const ends = (streams: readonly Duplex[]): number => streams.filter(({ destroyed }) => destroyed).length

describe.each(['h2', 'envelopes'] as const)('by %s', (protocol) => {
  async function world() {
    const server = await startServer()
    const agent = makeAgent(server, { protocol })
    return { agent, server, echo: await startEcho() }
  }
  const windowOf = (end: 'agent' | 'server'): number => {
    if (protocol === 'envelopes') return 512 * 1024
    return end === 'agent' ? H2.agentStreamWindow : H2.serverStreamWindow
  }

  test('downloads that nobody reads hold no more than their share, and the others go on', {
    timeout: 90_000,
  }, async () => {
    const { agent, echo } = await world()
    const host = await startHost(flood)
    const count = Math.ceil((UNREAD.agent * 1.5) / windowOf('agent'))
    const before = process.memoryUsage().rss
    const streams: Duplex[] = []
    for (let index = 0; index < count; index += 1) streams.push((await openStream(agent, host)).pause())
    await vi.waitFor(() => expect(ends(streams)).toBeGreaterThan(0), { timeout: 60_000 })
    await echoes(agent, echo)
    await vi.waitFor(() => expect(held(streams)).toBeLessThanOrEqual(UNREAD.agent), { timeout: 60_000 })
    expect(ends(streams)).toBeLessThan(count)
    expect(process.memoryUsage().rss - before).toBeLessThan(UNREAD.agent * 3 + 256 * MIB)
    for (const stream of streams) stream.destroy()
    await echoes(agent, echo)
  })

  test('uploads that no host reads hold no more than their share, and the others go on', {
    timeout: 90_000,
  }, async () => {
    const { agent, echo } = await world()
    const host = await startHost((socket) => void socket.pause())
    // Envelopes give credit by halves, so that a window is not full.
    const count = Math.ceil((UNREAD.server * 2) / windowOf('server'))
    const streams: Duplex[] = []
    for (let index = 0; index < count; index += 1) {
      const stream = await openStream(agent, host)
      flood(stream)
      streams.push(stream)
    }
    await vi.waitFor(() => expect(ends(streams)).toBeGreaterThan(0), { timeout: 60_000 })
    await echoes(agent, echo)
    expect(ends(streams)).toBeLessThan(count)
    for (const stream of streams) stream.destroy()
    await echoes(agent, echo)
  })
})

function held(streams: readonly Duplex[]): number {
  const open = streams.filter(({ destroyed }) => !destroyed) as (Duplex & { unread: number })[]
  return open.reduce((sum, { unread }) => sum + unread, 0)
}
