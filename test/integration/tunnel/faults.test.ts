import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import type { Socket } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { freePort } from '../../support/free-port.ts'
import { readToEnd, startEcho, startHost } from '../../support/start-hosts.ts'
import { waitUntil } from '../../support/start-sshd.ts'
import { startTcpProxy, type TcpProxy } from '../../support/start-tcp-proxy.ts'
import { makeTestAgent, type TestServer } from '../../support/start-tunnel.ts'
import { echoed, openStream } from '../../support/through-tunnel.ts'
import { tunnelFixture } from '../../support/tunnel-fixture.ts'

const { certs, startServer, makeAgent } = tunnelFixture()

async function startProxy(server: TestServer): Promise<TcpProxy> {
  const proxy = await startTcpProxy(() => server.port)
  onTestFinished(() => proxy.close())
  return proxy
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
    const stream = await openStream(agent, port)
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
    const stream = await openStream(agent, await startEcho())
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
    const stream = await openStream(agent, await startEcho())
    const { bytesIn, bytesOut, lastActivityAt } = server.meters
    // Some fifty times its keepalive.
    expect(await waitUntil(() => stream.destroyed, 2_000)).toBe(false)
    expect(server.meters).toMatchObject({ bytesIn, bytesOut, lastActivityAt })
    stream.destroy()
  })

  test('more streams than one agent may have are refused with words', async () => {
    const agent = makeAgent(await startServer({ maxStreams: 2 }), { protocol })
    const port = await startEcho()
    const streams = [await openStream(agent, port), await openStream(agent, port)]
    await expect(openStream(agent, port)).rejects.toMatchObject({ code: 'tunnel.full' })
    for (const stream of streams) stream.destroy()
  })

  test('a server that is stopped lets streams finish and takes no new ones', async () => {
    const server = await startServer()
    const agent = makeAgent(server, { protocol })
    const port = await startEcho()
    const stream = await openStream(agent, port)
    const received = readToEnd(stream)
    stream.write('before ')
    const closed = server.close(20_000)
    await expect(openStream(agent, port)).rejects.toMatchObject({ code: 'tunnel.down' })
    stream.end('after')
    expect(String(await received)).toBe('before after')
    await closed
  })

  test('a server that is stopped cuts what does not finish in time', async () => {
    const server = await startServer()
    const agent = makeAgent(server, { protocol })
    const stream = await openStream(agent, await startEcho())
    await server.close(50)
    expect(await waitUntil(() => stream.destroyed, 10_000)).toBe(true)
  })

  test('100 times connected and cut leaves nothing behind', { timeout: 60_000 }, async () => {
    const server = await startServer()
    const proxy = await startProxy(server)
    const port = await startEcho()
    const cycle = async (): Promise<void> => {
      const agent = makeTestAgent(certs, proxy, { protocol })
      const stream = await openStream(agent, port)
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
      await openStream(agent, dead).catch((error: { code: string }) => codes.push(error.code))
    expect(codes).toEqual([...Array(5).fill('egress.refused'), 'egress.unavailable', 'egress.unavailable'])
    expect(await echoed(agent, await startEcho())).toBe('hello')
    const later = async () => {
      const error = await openStream(agent, dead).catch((reason: { code: string }) => reason)
      return 'code' in error && error.code === 'egress.refused'
    }
    expect(await waitUntil(later, 10_000)).toBe(true)
    await expect(openStream(agent, dead)).rejects.toMatchObject({ code: 'egress.unavailable' })
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

function timers(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
}
