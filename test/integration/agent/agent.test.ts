import { once } from 'node:events'
import { lstat, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { createServer as createHttpServer } from 'node:http'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { expect, onTestFinished, test } from 'vitest'
import { type Agent, type AgentOptions, startAgent } from '../../../src/main/agent/agent.ts'
import { createLogger } from '../../../src/node/log.ts'
import { splice } from '../../../src/node/splice.ts'
import type { ListenerState } from '../../../src/shared/state/bridge-state.ts'
import { fakeAmbient } from '../../support/fake-ambient.ts'
import { openRaw, rawHttp } from '../../support/raw-http.ts'
import { startPortHolder } from '../../support/start-port-holder.ts'
import { waitUntil } from '../../support/start-sshd.ts'

const ANY_PORT = { kind: 'tcp', host: '127.0.0.1', port: 0 } as const

/** What comes for it is lost. */
const NO_PROXY = { handle: (socket: Socket) => void socket.destroy(), pacFor: () => '', health: () => ({}) }

function makeAgent(options: Partial<AgentOptions> = {}): Agent {
  const agent = startAgent({
    address: ANY_PORT,
    onRelayConnection: (socket) => socket.pipe(socket),
    proxy: NO_PROXY,
    ambient: fakeAmbient(),
    log: createLogger('test', 'silent'),
    retryIntervalMs: 30,
    ...options,
  })
  onTestFinished(() => agent.close())
  return agent
}

async function reach<P extends ListenerState['phase']>(
  agent: Agent,
  phase: P,
): Promise<Extract<ListenerState, { phase: P }>> {
  await waitUntil(() => agent.state.phase === phase, 10_000)
  expect(agent.state.phase).toBe(phase)
  return agent.state as Extract<ListenerState, { phase: P }>
}

async function portOf(agent: Agent): Promise<number> {
  const { address } = await reach(agent, 'listening')
  return Number(address.slice(address.lastIndexOf(':') + 1))
}

/** Everything that comes until the other side ends. */
async function readAll(socket: Socket): Promise<string> {
  const pieces: Buffer[] = []
  for await (const piece of socket) pieces.push(piece as Buffer)
  return Buffer.concat(pieces).toString()
}

test('a request for the relay is handed over with every byte, pipelined ones and the body included', async () => {
  const agent = makeAgent()
  const socket = await openRaw(await portOf(agent))
  const sent = `POST /v1/x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET /2 HTTP/1.1\r\n\r\n${'z'.repeat(300_000)}`
  const echoed = readAll(socket)
  socket.end(sent)
  expect(await echoed).toBe(sent)
})

test('a request that dribbles in byte by byte is handed over as it came', async () => {
  const agent = makeAgent()
  const socket = await openRaw(await portOf(agent))
  socket.setNoDelay(true)
  const sent = '\r\nGET /health HTTP/1.1\r\nHost: localhost\r\n\r\n'
  const echoed = readAll(socket)
  for (const byte of sent)
    await new Promise<void>((resolve) => {
      socket.write(byte, () => setImmediate(resolve))
    })
  socket.end()
  expect(await echoed).toBe(sent)
})

test('the relay side gets the socket paused, and what comes later waits for it', async () => {
  const handed: Socket[] = []
  const agent = makeAgent({ onRelayConnection: (socket) => handed.push(socket) })
  const socket = await openRaw(await portOf(agent))
  socket.write('GET /a HTTP/1.1\r\n')
  expect(await waitUntil(() => handed.length === 1, 10_000)).toBe(true)
  const [inner] = handed
  if (inner === undefined) throw new Error('A connection was handed over.')
  expect(inner.isPaused()).toBe(true)
  socket.end('\r\n')
  expect(await readAll(inner)).toBe('GET /a HTTP/1.1\r\n\r\n')
})

test('a keep-alive HTTP client reaches a server behind a splice', async () => {
  const server = createHttpServer((request, response) => {
    response.end(`${request.method} ${request.url}`)
  }).listen(0, '127.0.0.1')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  await once(server, 'listening')
  const { port: serverPort } = server.address() as { port: number }
  const agent = makeAgent({
    onRelayConnection: (socket) => {
      const far = connect({ port: serverPort, host: '127.0.0.1', allowHalfOpen: true })
      void splice(socket, far)
    },
  })
  const base = `http://127.0.0.1:${await portOf(agent)}`
  for (const path of ['/a', '/b', '/c']) {
    const response = await fetch(`${base}${path}`, { method: 'POST', body: 'x'.repeat(100_000) })
    expect(await response.text()).toBe(`POST ${path}`)
  }
})

test('the end of one direction leaves the other open', async () => {
  const agent = makeAgent({
    onRelayConnection: (socket) => {
      socket.once('end', () => socket.end('answered after the end')).resume()
    },
  })
  const socket = await openRaw(await portOf(agent))
  socket.end('GET / HTTP/1.0\r\n\r\n')
  expect(await readAll(socket)).toBe('answered after the end')
})

test.each([
  ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400, 'agent.not-http'],
  ['SSH-2.0-OpenSSH_9.9\r\n', 400, 'agent.not-http'],
  ['\x00\xff\x00\xff', 400, 'agent.not-http'],
])('%j is refused in words and reaches neither the relay nor the proxy', async (request, status, code) => {
  let handedOver = 0
  const onRelayConnection = (): void => {
    handedOver += 1
  }
  const agent = makeAgent({ onRelayConnection, proxy: { ...NO_PROXY, handle: onRelayConnection } })
  const answer = await rawHttp(await portOf(agent), Buffer.from(request, 'latin1'))
  const [head = '', body = ''] = answer.split('\r\n\r\n')
  expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
  expect(head).toContain('connection: close')
  expect(JSON.parse(body)).toMatchObject({ error: { code }, bridge: { code, remedy: expect.any(String) } })
  expect(handedOver).toBe(0)
})

test('the refusal of a big upload is read by the one who sends it', async () => {
  const agent = makeAgent()
  const upload = `SSH-2.0-OpenSSH_9.9\r\n${'u'.repeat(8_000_000)}`
  expect(await rawHttp(await portOf(agent), upload)).toMatch(/^HTTP\/1.1 400 /)
})

test('a TLS client is told off and closed', async () => {
  const agent = makeAgent()
  const tls = connectTls({ port: await portOf(agent), host: '127.0.0.1', rejectUnauthorized: false })
  const [error] = (await once(tls, 'error')) as [Error]
  expect(error.message).toMatch(/wrong version number|packet length too long/i)
})

test('a connection that says nothing is closed without an answer, a slow one with 408', async () => {
  const agent = makeAgent({ headTimeoutMs: 100 })
  const port = await portOf(agent)
  expect(await rawHttp(port, '')).toBe('')
  expect(await rawHttp(port, 'GE')).toMatch(/^HTTP\/1.1 408 [\s\S]*"agent.head-timeout"/)
})

test('connections that leave early do no harm', async () => {
  let handedOver = 0
  const agent = makeAgent({
    onRelayConnection: (socket) => {
      handedOver += 1
      socket.pipe(socket)
    },
  })
  const port = await portOf(agent)
  const reset = await openRaw(port)
  reset.write('GE')
  reset.resetAndDestroy()
  const ended = await openRaw(port)
  ended.end()
  expect(await readAll(ended)).toBe('')
  const cut = await openRaw(port)
  cut.end('GET')
  expect(await readAll(cut)).toMatch(/^HTTP\/1.1 400 /)
  expect(handedOver).toBe(0)
  const good = await openRaw(port)
  good.end('GET / HTTP/1.1\r\n\r\n')
  expect(await readAll(good)).toBe('GET / HTTP/1.1\r\n\r\n')
})

test('a relay side that throws costs only that connection', async () => {
  let calls = 0
  const agent = makeAgent({
    onRelayConnection: (socket) => {
      calls += 1
      if (calls === 1) throw new Error('broken')
      socket.pipe(socket)
    },
  })
  const port = await portOf(agent)
  expect(await rawHttp(port, 'GET / HTTP/1.1\r\n\r\n')).toBe('')
  const good = await openRaw(port)
  good.end('GET / HTTP/1.1\r\n\r\n')
  expect(await readAll(good)).toBe('GET / HTTP/1.1\r\n\r\n')
})

test('a taken port names its holder, offers another and is taken over quietly when it comes free', async () => {
  const holder = await startPortHolder(onTestFinished)
  const agent = makeAgent({ address: { kind: 'tcp', host: '127.0.0.1', port: holder.port } })
  const states: ListenerState[] = []
  agent.onState((state) => states.push(state))
  const failed = await reach(agent, 'failed')
  expect(failed.address).toBe(`127.0.0.1:${holder.port}`)
  expect(failed.cause.code).toBe('port.taken')
  expect(failed.cause.message).toContain(`process ${holder.pid}`)
  expect(failed.otherPort).toBeGreaterThan(1023)
  expect(failed.otherPort).not.toBe(holder.port)
  await holder.stop()
  expect(await portOf(agent)).toBe(holder.port)
  expect(states.map(({ phase }) => phase)).toEqual(['failed', 'listening'])
})

test('the other port that is offered can be used at once', async () => {
  const holder = await startPortHolder(onTestFinished)
  const agent = makeAgent({ address: { kind: 'tcp', host: '127.0.0.1', port: holder.port } })
  const { otherPort } = await reach(agent, 'failed')
  if (otherPort === undefined) throw new Error('A port was offered.')
  await agent.useOtherPort(otherPort)
  expect(agent.state).toMatchObject({ phase: 'listening', address: `127.0.0.1:${otherPort}` })
  await holder.stop()
  const socket = await openRaw(otherPort)
  socket.end('GET / HTTP/1.1\r\n\r\n')
  expect(await readAll(socket)).toBe('GET / HTTP/1.1\r\n\r\n')
})

test('connections of the old port go on after a move, and the old port is free', async () => {
  const agent = makeAgent()
  const oldPort = await portOf(agent)
  const socket = await openRaw(oldPort)
  socket.write('GET / HTTP/1.1\r\n')
  await once(socket, 'data')
  const free = createServer().listen(0, '127.0.0.1')
  await once(free, 'listening')
  const { port: newPort } = free.address() as { port: number }
  free.close()
  await once(free, 'close')
  await agent.useOtherPort(newPort)
  await expect(once(connect(oldPort, '127.0.0.1'), 'connect')).rejects.toThrow('ECONNREFUSED')
  socket.end('\r\n')
  expect(await readAll(socket)).toBe('\r\n')
})

test('an address that this machine does not have is said so', async () => {
  const agent = makeAgent({ address: { kind: 'tcp', host: '192.0.2.1', port: 8080 } })
  const failed = await reach(agent, 'failed')
  expect(failed.cause).toMatchObject({
    code: 'port.forbidden',
    message: 'This machine has no address 192.0.2.1:8080.',
  })
})

test('close waits for handed-over connections', async () => {
  const agent = makeAgent()
  const port = await portOf(agent)
  const finishing = await openRaw(port)
  finishing.write('GET / HTTP/1.1\r\n')
  await once(finishing, 'data')
  const silent = await openRaw(port)
  const silentIsGone = once(silent.resume(), 'close')
  const closed = agent.close(60_000)
  expect(agent.close()).toBe(closed)
  // One that has asked for nothing yet is not waited for.
  await silentIsGone
  finishing.end('\r\n')
  expect(await readAll(finishing)).toBe('\r\n')
  await closed
  expect(agent.state).toEqual({ phase: 'off' })
  await expect(once(connect(port, '127.0.0.1'), 'connect')).rejects.toThrow('ECONNREFUSED')
})

test('close waits only so long, and what it cuts then does not look like the proper end of an answer', async () => {
  const agent = makeAgent({
    onRelayConnection: (socket) => socket.resume().write('HTTP/1.0 200 OK\r\n\r\nas long as the connection'),
  })
  const socket = await openRaw(await portOf(agent))
  socket.write('GET / HTTP/1.0\r\n\r\n')
  await once(socket, 'data')
  const cut = expect(readAll(socket)).rejects.toMatchObject({ code: 'ECONNRESET' })
  await agent.close(20)
  await cut
})

test('an agent closed while it opens or fails leaves nothing listening', async () => {
  const opening = makeAgent()
  await opening.close()
  expect(opening.state).toEqual({ phase: 'off' })
  const holder = await startPortHolder(onTestFinished)
  const failing = makeAgent({ address: { kind: 'tcp', host: '127.0.0.1', port: holder.port } })
  await reach(failing, 'failed')
  await failing.close()
  await holder.stop()
  // Were it still trying, it would take the port now that it is free.
  expect(await waitUntil(() => failing.state.phase === 'listening', 200)).toBe(false)
  await expect(once(connect(holder.port, '127.0.0.1'), 'connect')).rejects.toThrow('ECONNREFUSED')
})

test('the IPv6 loopback works too', async () => {
  const agent = makeAgent({ address: { kind: 'tcp', host: '::1', port: 0 } })
  const port = await portOf(agent)
  expect(agent.state).toMatchObject({ address: `[::1]:${port}` })
  const socket = connect(port, '::1')
  socket.end('GET / HTTP/1.1\r\n\r\n')
  expect(await readAll(socket)).toBe('GET / HTTP/1.1\r\n\r\n')
})

async function makeDir(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'agent-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  return dir
}

test('a unix socket is for its owner only, and a dead one is replaced', async () => {
  const path = join(await makeDir(), 'sub', 'agent.sock')
  const first = makeAgent({ address: { kind: 'socket', path } })
  expect(await reach(first, 'listening')).toMatchObject({ address: `unix:${path}` })
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  await expect(first.useOtherPort(8080)).rejects.toMatchObject({ code: 'api.invalid-arguments' })

  const second = makeAgent({ address: { kind: 'socket', path } })
  expect((await reach(second, 'failed')).cause.code).toBe('port.taken')
  await first.close()
  await reach(second, 'listening')
  const socket = connect(path)
  socket.end('GET / HTTP/1.1\r\n\r\n')
  expect(await readAll(socket)).toBe('GET / HTTP/1.1\r\n\r\n')
  await second.close()

  await leaveDeadSocket(path)
  const third = makeAgent({ address: { kind: 'socket', path } })
  await reach(third, 'listening')
})

/** As a killed program leaves it behind. */
async function leaveDeadSocket(path: string): Promise<void> {
  const holder = await startPortHolder(onTestFinished, { unixPath: path })
  await holder.stop()
  expect((await lstat(path)).isSocket()).toBe(true)
}

test('a file that is no socket is left alone', async () => {
  const path = join(await makeDir(), 'notes.txt')
  await writeFile(path, 'mine')
  const agent = makeAgent({ address: { kind: 'socket', path } })
  expect((await reach(agent, 'failed')).cause.code).toBe('port.taken')
  expect((await lstat(path)).isFile()).toBe(true)
})

test('a socket path that is too long is said so', async () => {
  const path = join(await makeDir(), 'x'.repeat(200))
  const agent = makeAgent({ address: { kind: 'socket', path } })
  expect((await reach(agent, 'failed')).cause).toMatchObject({
    code: 'port.forbidden',
    remedy: 'Choose a shorter path in a folder of your own.',
  })
})

test('five hundred connections at once are all served', async () => {
  const agent = makeAgent()
  const port = await portOf(agent)
  const answers = await Promise.all(
    Array.from({ length: 500 }, async (_, index) => {
      const socket = await openRaw(port)
      socket.end(`GET /${index} HTTP/1.1\r\n\r\n`)
      return readAll(socket)
    }),
  )
  expect(answers).toEqual(Array.from({ length: 500 }, (_, index) => `GET /${index} HTTP/1.1\r\n\r\n`))
})
