import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { createServer, TLSSocket } from 'node:tls'
import { describe, expect, onTestFinished, test } from 'vitest'
import { LendingSocket } from '../../../src/node/lending-socket.ts'
import { createLogger } from '../../../src/node/log.ts'
import { EnvelopeLink } from '../../../src/node/tunnel/envelope-link.ts'
import { EnvelopeStream } from '../../../src/node/tunnel/envelope-stream.ts'
import { H2Connection } from '../../../src/node/tunnel/h2/connection.ts'
import { H2Stream } from '../../../src/node/tunnel/h2/stream.ts'
import { AppError } from '../../../src/shared/errors/app-error.ts'
import { ALPN } from '../../../src/shared/protocol/tunnel/wire.ts'
import { startEcho, startHost } from '../../support/start-hosts.ts'
import { waitUntil } from '../../support/start-sshd.ts'
import { startTcpProxy } from '../../support/start-tcp-proxy.ts'
import {
  makeTestAgent,
  startTestServer,
  type TestAgent,
  type TestServer,
} from '../../support/start-tunnel.ts'
import { openStream } from '../../support/through-tunnel.ts'
import { tunnelFixture } from '../../support/tunnel-fixture.ts'
import { excessOver, type Held, whatIsHeld } from '../../support/what-is-held.ts'

// Agent and server are both in this process, so that what either end keeps is counted.

const { certs } = tunnelFixture()

const MIB = 2 ** 20
/** Also of those that do not keep the process alive. */
const Timeout = setTimeout(() => undefined, 0).constructor as typeof TLSSocket
const CLASSES = [EnvelopeLink, EnvelopeStream, H2Connection, H2Stream, LendingSocket, Timeout, TLSSocket]

/** Waits for what is still being closed. Of memory V8 keeps some for itself; far less than these leaks would be. */
async function expectNoMoreThan(before: Held): Promise<void> {
  let excess = excessOver(before, whatIsHeld(CLASSES))
  await waitUntil(() => {
    if (excess.length === 0) return true
    excess = excessOver(before, whatIsHeld(CLASSES))
    return false
  }, 20_000)
  expect(excess).toEqual([])
  const now = whatIsHeld(CLASSES)
  expect(now.bytes - before.bytes).toBeLessThan(4 * MIB)
  expect(now.rssBytes - before.rssBytes).toBeLessThan(128 * MIB)
}

/** Says as much as it is let. */
function flood(stream: Duplex): void {
  const block = Buffer.alloc(64 * 1024)
  const more = (): void => {
    while (!stream.destroyed && stream.write(block));
  }
  stream.on('drain', more)
  more()
}

/** Opens at once: no listener holds more that nobody has accepted. */
async function many<T>(count: number, make: () => Promise<T>): Promise<T[]> {
  const made: T[] = []
  while (made.length < count) made.push(...(await Promise.all(Array.from({ length: 50 }, make))))
  return made
}

/** Ten messages there and back. */
async function talk(stream: Duplex): Promise<void> {
  const message = Buffer.alloc(1_024, 'm')
  for (let count = 0; count < 10; count += 1) {
    stream.write(message)
    for (let left = message.length; left > 0; ) left -= ((await once(stream, 'data')) as [Buffer])[0].length
  }
}

const closed = (streams: readonly Duplex[]): Promise<boolean> =>
  waitUntil(() => streams.every((stream) => stream.closed), 10_000)

describe.each(['h2', 'envelopes'] as const)('by %s', (protocol) => {
  async function startServer(): Promise<TestServer> {
    const server = await startTestServer(certs)
    onTestFinished(() => server.close(0))
    return server
  }
  const makeAgent = (server: { readonly port: number }): TestAgent =>
    makeTestAgent(certs, server, { protocol })

  test('100 times cut in ugly ways leaves nothing behind', { timeout: 120_000 }, async () => {
    const server = await startServer()
    const proxy = await startTcpProxy(() => server.port)
    onTestFinished(() => proxy.close())
    // A socket that nobody reads does not notice its end.
    const unread = new Set<Socket>()
    const silent = await startHost((socket) => void unread.add(socket.pause()))
    const flooding = await startHost(flood)
    const resetting = await startHost((socket) => socket.resetAndDestroy())
    const echo = await startEcho()

    const cuts: (() => Promise<void>)[] = [
      // The agent dies in the middle of an upload that the host does not take.
      async () => {
        const agent = makeAgent(server)
        const stream = await openStream(agent, silent)
        flood(stream)
        await waitUntil(() => stream.writableNeedDrain, 10_000)
        await agent.egress.close(0)
      },
      // The server dies in the middle of a download.
      async () => {
        const mortal = await startTestServer(certs)
        const agent = makeAgent(mortal)
        const streams = [await openStream(agent, flooding), await openStream(agent, flooding)]
        await once(streams[0] as Duplex, 'data')
        await mortal.close(0)
        await closed(streams)
        await agent.egress.close(0)
      },
      // The network dies while both directions are full and another stream is half closed either way.
      async () => {
        const agent = makeAgent(proxy)
        const [full, ended, other] = [
          await openStream(agent, flooding),
          await openStream(agent, silent),
          await openStream(agent, echo),
        ]
        flood(full)
        ended.end('the last word')
        const heard = once(other, 'data')
        other.write('hello')
        await heard
        for (const socket of unread) socket.end()
        proxy.cut()
        await closed([full, ended, other])
        await agent.egress.close(0)
      },
      // Streams are reset by either end, also before anybody has looked at them, and the tunnel is left.
      async () => {
        const agent = makeAgent(server)
        const cut = [await openStream(agent, flooding), await openStream(agent, echo)]
        for (const stream of cut) stream.destroy()
        const abort = new AbortController()
        const givenUp = agent.egress.connect({ host: '127.0.0.1', port: echo }, abort.signal)
        abort.abort()
        await givenUp.catch(() => undefined)
        // It may be reset before it is known to be open.
        const reset = await Promise.all(
          Array.from({ length: 8 }, () => openStream(agent, resetting).catch(() => undefined)),
        )
        await closed([...cut, ...reset.filter((stream) => stream !== undefined)])
        await agent.egress.close(1_000)
      },
    ]
    const cycle = async (count: number): Promise<void> => {
      await cuts[count % cuts.length]?.()
      for (const socket of unread) socket.destroy()
      unread.clear()
    }

    for (let count = 0; count < 20; count += 1) await cycle(count)
    expect(
      await waitUntil(() => server.meters.connections === 0 && server.meters.streams === 0, 10_000),
    ).toBe(true)
    const before = whatIsHeld(CLASSES)
    for (let count = 0; count < 100; count += 1) await cycle(count)
    await expectNoMoreThan(before)
    expect(server.meters).toMatchObject({ connections: 0, streams: 0 })
  })
  test('1,000 idle streams and 100 busy ones leave nothing behind, however they end', {
    timeout: 120_000,
  }, async () => {
    const server = await startServer()
    const agent = makeAgent(server)
    onTestFinished(() => agent.egress.close(0))
    const echo = await startEcho()
    const crowd = async (): Promise<void> => {
      const idle = await many(1_000, () => openStream(agent, echo))
      const busy = await many(100, () => openStream(agent, echo))
      await Promise.all(busy.map((stream) => talk(stream)))
      expect(server.meters.streams).toBe(1_100)
      expect(idle.every(({ destroyed }) => !destroyed)).toBe(true)
      // Some end in order, some only here, and some are cut.
      for (const [index, stream] of [...idle, ...busy].entries())
        if (index % 3 === 0) stream.destroy()
        else if (index % 3 === 1) stream.resume().end()
        else stream.resume().end(() => stream.destroy())
      expect(await closed([...idle, ...busy])).toBe(true)
      expect(await waitUntil(() => server.meters.streams === 0, 10_000)).toBe(true)
    }
    await crowd()
    const before = whatIsHeld(CLASSES)
    for (let count = 0; count < 3; count += 1) await crowd()
    await expectNoMoreThan(before)
    expect(server.meters).toMatchObject({ connections: 1, connectionsTotal: 1 })
  })

  test('a stream that is opened and cut in one breath is forgotten', async () => {
    const agent = makeAgent({ port: await startHasty() })
    const openOne = async (): Promise<void> => {
      await closed([await openStream(agent, 1)])
    }
    await openOne()
    const before = whatIsHeld(CLASSES)
    for (let count = 0; count < 50; count += 1) await openOne()
    await expectNoMoreThan(before)
    // It would wait for them for ever.
    await agent.egress.close(60_000)
  })
})

/** A server that accepts each stream and cuts it before the agent can have heard of it. */
async function startHasty(): Promise<number> {
  const [ca, cert, key] = await Promise.all(
    [certs.ca, certs.server.cert, certs.server.key].map((path) => readFile(path)),
  )
  const ALPNProtocols = [ALPN.h2, ALPN.envelopes]
  const lost = (): AppError => new AppError('tunnel.down', 'The agent is gone.')
  const server = createServer({ ca, cert, key, requestCert: true, ALPNProtocols }, (socket) => {
    if (socket.alpnProtocol === ALPN.h2)
      new H2Connection({
        ...{ socket, isServer: true, streamWindow: MIB, connectionWindow: MIB, lost },
        ...{ maxStreams: 8, maxHeaderListSize: 16_384 },
        onStream: (stream) => {
          stream.respond(200)
          stream.destroy()
        },
        onClosed: () => undefined,
      })
    else {
      const link: EnvelopeLink = new EnvelopeLink({
        ...{ socket, isAgent: false, peer: 'the agent', log: createLogger('test', 'silent') },
        onEnvelope: (envelope) => {
          if (envelope.type === 'hello') link.sayHello()
          if (envelope.type !== 'connect_open') return
          const stream = link.addStream(envelope.payload.id)
          stream.accept()
          stream.destroy()
        },
        onClosed: () => undefined,
      })
    }
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}
