import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect as connectTls } from 'node:tls'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ALPN } from '../../../src/shared/protocol/tunnel/wire.ts'
import { freePort } from '../../support/free-port.ts'
import { readPem } from '../../support/make-certs.ts'
import { readToEnd, startEcho, startHost } from '../../support/start-hosts.ts'
import { waitUntil } from '../../support/start-sshd.ts'
import { startTcpProxy, type TcpProxy } from '../../support/start-tcp-proxy.ts'
import { makeTestAgent, type TestAgent, type TestServer } from '../../support/start-tunnel.ts'
import { tunnelFixture } from '../../support/tunnel-fixture.ts'

const { certs, startServer, makeAgent } = tunnelFixture()

async function startProxy(server: TestServer): Promise<TcpProxy> {
  const proxy = await startTcpProxy(() => server.port)
  onTestFinished(() => proxy.close())
  return proxy
}

async function open({ egress }: TestAgent, port: number): Promise<Duplex> {
  const stream = await egress.connect({ host: '127.0.0.1', port }, new AbortController().signal)
  stream.on('error', () => undefined)
  return stream
}

async function echoed(agent: TestAgent, port: number, text = 'hello'): Promise<string> {
  const stream = await open(agent, port)
  const received = readToEnd(stream)
  stream.end(text)
  return String(await received)
}

/** What a host hears at the end: an `end` it would take for the whole. */
async function startListener(): Promise<{ port: number; events: string[]; sockets: Socket[] }> {
  const events: string[] = []
  const sockets: Socket[] = []
  const port = await startHost((socket) => {
    sockets.push(socket)
    socket.on('end', () => events.push('end')).on('close', () => events.push('close'))
    socket.resume()
  })
  return { port, events, sockets }
}

describe.each(['h2', 'envelopes'] as const)('by %s', (protocol) => {
  test('a tunnel that is cut resets both ends of every stream, and is made again', async () => {
    const server = await startServer()
    const proxy = await startProxy(server)
    const agent = makeAgent(proxy, { protocol })
    const { events, port, sockets } = await startListener()
    const stream = await open(agent, port)
    const heard: string[] = []
    stream.on('end', () => heard.push('end')).on('error', (error) => heard.push(String(error.name)))
    stream.resume().write('hello')
    expect(await waitUntil(() => sockets[0]?.bytesRead === 5, 10_000)).toBe(true)
    proxy.cut()
    expect(await waitUntil(() => stream.closed && events.includes('close'), 10_000)).toBe(true)
    expect({ heard, events }).toEqual({ heard: ['AppError'], events: ['close'] })
    expect(await waitUntil(() => agent.states.at(-1)?.phase === 'connected', 10_000)).toBe(true)
    expect(agent.states.map(({ phase }) => phase)).toEqual([
      'connecting',
      'connected',
      'reconnecting',
      'connecting',
      'connected',
    ])
    expect(await echoed(agent, await startEcho())).toBe('hello')
  })

  test('requests fail at once and with words while the server is away, and work when it is back', async () => {
    const server = await startServer()
    const at = server.port
    const agent = makeAgent({ port: at }, { protocol })
    const port = await startEcho()
    expect(await echoed(agent, port)).toBe('hello')
    await server.close(0)
    await expect(echoed(agent, port)).rejects.toMatchObject({
      code: 'tunnel.down',
      message: expect.stringMatching(/127\.0\.0\.1:\d+/) as string,
    })
    await startServer({ port: at })
    expect(await waitUntil(() => agent.states.at(-1)?.phase === 'connected', 20_000)).toBe(true)
    expect(await echoed(agent, port)).toBe('hello')
  })

  test('a server that vanishes without a word is noticed while something waits', async () => {
    const proxy = await startProxy(await startServer())
    const keepalive = { tickMs: 50, idleMs: 60_000, idleReplyMs: 60_000, busyMs: 200, busyReplyMs: 300 }
    const agent = makeAgent(proxy, { protocol, keepalive })
    const stream = await open(agent, await startEcho())
    proxy.freeze()
    stream.write('anybody there?')
    expect(await waitUntil(() => stream.closed, 10_000)).toBe(true)
    expect(stream.errored).toMatchObject({
      code: 'tunnel.down',
      message: expect.stringMatching(/has not answered/) as string,
    })
  })

  test('an agent that vanishes gives its place away', async () => {
    const keepalive = { tickMs: 50, idleMs: 200, idleReplyMs: 300, busyMs: 200, busyReplyMs: 300 }
    const server = await startServer({ keepalive })
    const proxy = await startProxy(server)
    expect(await echoed(makeAgent(proxy, { protocol }), await startEcho())).toBe('hello')
    expect(server.meters.connections).toBe(1)
    proxy.freeze()
    expect(await waitUntil(() => server.meters.connections === 0, 20_000)).toBe(true)
  })

  test('an agent that is idle for longer than its keepalive stays', async () => {
    const keepalive = { tickMs: 20, idleMs: 40, idleReplyMs: 5_000, busyMs: 40, busyReplyMs: 5_000 }
    const server = await startServer({ keepalive })
    const agent = makeAgent(server, { protocol, keepalive })
    const stream = await open(agent, await startEcho())
    const { bytesIn, bytesOut, lastActivityAt } = server.meters
    // Some fifty times its keepalive.
    expect(await waitUntil(() => stream.destroyed, 2_000)).toBe(false)
    expect(server.meters).toMatchObject({ bytesIn, bytesOut, lastActivityAt })
    stream.destroy()
  })

  test('bytes that come one at a time, both ways at once, arrive in their order', async () => {
    const agent = makeAgent(await startServer(), { protocol })
    const stream = await open(agent, await startEcho())
    const sent = randomBytes(4_000)
    const received = readToEnd(stream)
    for (const byte of sent) stream.write(Buffer.of(byte))
    stream.end()
    expect((await received).equals(sent)).toBe(true)
  })

  test('two directions at full speed do not wait for each other', async () => {
    const agent = makeAgent(await startServer(), { protocol })
    const stream = await open(agent, await startEcho())
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
      const stream = await open(agent, port)
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
    const stalled = (await open(agent, flood)).pause()
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
    const streams = await Promise.all(Array.from({ length: 1_000 }, () => open(agent, port)))
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

  test('more streams than one agent may have are refused with words', async () => {
    const agent = makeAgent(await startServer({ maxStreams: 2 }), { protocol })
    const port = await startEcho()
    const streams = [await open(agent, port), await open(agent, port)]
    await expect(open(agent, port)).rejects.toMatchObject({ code: 'tunnel.full' })
    for (const stream of streams) stream.destroy()
  })

  test('a server that is stopped lets streams finish and takes no new ones', async () => {
    const server = await startServer()
    const agent = makeAgent(server, { protocol })
    const port = await startEcho()
    const stream = await open(agent, port)
    const received = readToEnd(stream)
    stream.write('before ')
    const closed = server.close(20_000)
    await expect(open(agent, port)).rejects.toMatchObject({ code: 'tunnel.down' })
    stream.end('after')
    expect(String(await received)).toBe('before after')
    await closed
  })

  test('a server that is stopped cuts what does not finish in time', async () => {
    const server = await startServer()
    const agent = makeAgent(server, { protocol })
    const stream = await open(agent, await startEcho())
    await server.close(50)
    expect(await waitUntil(() => stream.destroyed, 10_000)).toBe(true)
  })

  test('100 times connected and cut leaves nothing behind', { timeout: 60_000 }, async () => {
    const server = await startServer()
    const proxy = await startProxy(server)
    const port = await startEcho()
    const cycle = async (): Promise<void> => {
      const agent = makeTestAgent(certs, proxy, { protocol })
      const stream = await open(agent, port)
      stream.write('hello')
      await once(stream, 'data')
      proxy.cut()
      await agent.egress.close(0)
    }
    const counted = () => ({ files: readdirSync('/proc/self/fd').length, timers: timers() })
    for (let count = 0; count < 5; count += 1) await cycle()
    await waitUntil(() => server.meters.connections === 0, 10_000)
    const before = counted()
    for (let count = 0; count < 100; count += 1) await cycle()
    const isClean = () => {
      const now = counted()
      return (
        server.meters.connections === 0 && now.files <= before.files + 3 && now.timers <= before.timers + 3
      )
    }
    expect({ isClean: await waitUntil(isClean, 20_000), now: counted(), before }).toMatchObject({
      isClean: true,
    })
    expect(server.meters.streams).toBe(0)
  })

  test('a host that keeps failing is left alone, then tried once, and the others are not', async () => {
    const agent = makeAgent(await startServer(), { protocol, breakerPauseMs: 300 })
    const dead = await freePort()
    const codes: string[] = []
    for (let count = 0; count < 7; count += 1)
      await open(agent, dead).catch((error: { code: string }) => codes.push(error.code))
    expect(codes).toEqual([...Array(5).fill('egress.refused'), 'egress.unavailable', 'egress.unavailable'])
    expect(await echoed(agent, await startEcho())).toBe('hello')
    const later = async () => {
      const error = await open(agent, dead).catch((reason: { code: string }) => reason)
      return 'code' in error && error.code === 'egress.refused'
    }
    expect(await waitUntil(later, 10_000)).toBe(true)
    await expect(open(agent, dead)).rejects.toMatchObject({ code: 'egress.unavailable' })
  })

  test('that a host may not be reached does not count as its failure', async () => {
    const agent = makeAgent(await startServer(), { protocol })
    for (let count = 0; count < 10; count += 1) {
      const denied = agent.egress.connect({ host: '10.1.2.3', port: 80 }, new AbortController().signal)
      await expect(denied).rejects.toMatchObject({
        code: 'egress.denied',
        remedy: expect.stringContaining('"allow_private" of the tunnel server'),
      })
    }
  })
})

describe('before the handshake is over', () => {
  test('who says nothing is sent away after the deadline, and takes no place', async () => {
    const server = await startServer({ handshakeMs: 200, maxConnections: 1 })
    const idle = connect({ host: '127.0.0.1', port: server.port })
    idle.on('error', () => undefined)
    await once(idle, 'connect')
    expect(await echoed(makeAgent(server), await startEcho())).toBe('hello')
    expect(await waitUntil(() => idle.closed || idle.readableEnded, 10_000)).toBe(true)
    expect(server.meters.refused.get('too-slow')).toBe(1)
  })

  test('a flood of connections does not keep an agent out', async () => {
    const server = await startServer({ maxWaiting: 20 })
    const flood = Array.from({ length: 200 }, () => connect({ host: '127.0.0.1', port: server.port }))
    onTestFinished(() => {
      for (const socket of flood) socket.destroy()
    })
    for (const socket of flood) socket.on('error', () => undefined).resume()
    expect(await waitUntil(() => (server.meters.refused.get('too-many-waiting') ?? 0) >= 150, 10_000)).toBe(
      true,
    )
    expect(await echoed(makeAgent(server), await startEcho())).toBe('hello')
    expect(server.meters).toMatchObject({ connectionsTotal: 1 })
  })

  test('what is no TLS is sent away and is no activity', async () => {
    const server = await startServer()
    const { lastActivityAt } = server.meters
    const socket = connect({ host: '127.0.0.1', port: server.port })
    socket.on('error', () => undefined)
    socket.resume().write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    expect(await waitUntil(() => socket.closed || socket.readableEnded, 10_000)).toBe(true)
    expect(server.meters).toMatchObject({ connectionsTotal: 0, lastActivityAt })
    expect(server.meters.refused.get('tls')).toBe(1)
  })

  test('an agent that offers another protocol is refused by TLS', async () => {
    const server = await startServer()
    const own = {
      ca: await readPem(certs.ca),
      cert: await readPem(certs.agent.cert),
      key: await readPem(certs.agent.key),
    }
    const socket = connectTls({
      ...own,
      host: '127.0.0.1',
      port: server.port,
      servername: 'sovereign-tunnel-server',
      ALPNProtocols: ['http/1.1'],
    })
    const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException]
    expect(error.code).toMatch(/NO_APPLICATION_PROTOCOL/)
    expect(ALPN.h2).toBe('h2')
  })
})

function timers(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
}
