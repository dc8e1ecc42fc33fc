import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { describe, expect, test } from 'vitest'
import { readToEnd, startEcho, startHost } from '../../support/start-hosts.ts'
import { waitUntil } from '../../support/start-sshd.ts'
import { echoed, openStream } from '../../support/through-tunnel.ts'
import { tunnelFixture } from '../../support/tunnel-fixture.ts'

const { startServer, makeAgent } = tunnelFixture()

describe.each(['h2', 'envelopes'] as const)('by %s', (protocol) => {
  test('bytes that come one at a time, both ways at once, arrive in their order', async () => {
    const agent = makeAgent(await startServer(), { protocol })
    const stream = await openStream(agent, await startEcho())
    const sent = randomBytes(4_000)
    const received = readToEnd(stream)
    for (const byte of sent) stream.write(Buffer.of(byte))
    stream.end()
    expect((await received).equals(sent)).toBe(true)
  })

  test('two directions at full speed do not wait for each other', async () => {
    const agent = makeAgent(await startServer(), { protocol })
    const stream = await openStream(agent, await startEcho())
    const block = randomBytes(64 * 1024)
    const sent = createHash('sha256')
    const got = createHash('sha256')
    stream.on('data', (data: Buffer) => got.update(data))
    for (let count = 0; count < 300; count += 1) {
      sent.update(block)
      if (!stream.write(block)) await once(stream, 'drain')
    }
    stream.end()
    await once(stream, 'end')
    expect(got.digest('hex')).toBe(sent.digest('hex'))
  })

  test('many streams that all send and get at full speed do not wait for each other', {
    timeout: 60_000,
  }, async () => {
    const agent = makeAgent(await startServer(), { protocol })
    const port = await startEcho()
    const body = randomBytes(8 * 2 ** 20)
    const echoes = Array.from({ length: 12 }, async () => {
      const stream = await openStream(agent, port)
      const received = readToEnd(stream)
      stream.end(body)
      return (await received).equals(body)
    })
    expect(await Promise.all(echoes)).toEqual(echoes.map(() => true))
  })

  test('a stream that nobody reads does not hold the others up', async () => {
    const agent = makeAgent(await startServer(), { protocol })
    const flood = await startHost((socket) => {
      const block = Buffer.alloc(64 * 1024)
      const more = (): void => {
        while (!socket.destroyed && socket.write(block));
      }
      socket.on('drain', more)
      more()
    })
    const stalled = (await openStream(agent, flood)).pause()
    const port = await startEcho()
    const results: string[] = []
    for (let count = 0; count < 20; count += 1) results.push(await echoed(agent, port))
    expect(results.every((text) => text === 'hello')).toBe(true)
    stalled.destroy()
  })

  test('1,000 streams at once are served by one connection', async () => {
    const server = await startServer()
    const agent = makeAgent(server, { protocol })
    const port = await startEcho()
    const streams = await Promise.all(Array.from({ length: 1_000 }, () => openStream(agent, port)))
    expect(server.meters).toMatchObject({ connectionsTotal: 1, streams: 1_000 })
    const results = await Promise.all(
      streams.map(async (stream, index) => {
        const received = readToEnd(stream)
        stream.end(String(index))
        return Number(await received) === index
      }),
    )
    expect(results.every(Boolean)).toBe(true)
    expect(await waitUntil(() => server.meters.streams === 0, 10_000)).toBe(true)
  })
})
