import { connect, type Socket } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { ProxyLimits } from '../../../../src/main/agent/proxy/proxy.ts'
import { OK, type StartedProxy, startBytes, startProxy } from '../../../support/start-proxy.ts'
import { waitUntil } from '../../../support/start-sshd.ts'
import { tunnelFixture } from '../../../support/tunnel-fixture.ts'

/** Generous; without an end of its own the connection would stay for 75 s or for ever. */
const CEILING_MS = 10_000
const TOO_LARGE = 'HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig'
const CHUNK = `1000\r\n${'x'.repeat(4096)}\r\n`

const { startServer, makeAgent } = tunnelFixture()

interface Program {
  readonly socket: Socket
  said(): string
  /** How the connection ended, in order; a reset before the end may have wiped out the answer. */
  readonly events: readonly string[]
}

/** A program that does not end its own side because the other one has ended. */
function startProgram(port: number): Program {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
  onTestFinished(() => void socket.destroy())
  const events: string[] = []
  let heard = ''
  socket
    .on('data', (bytes: Buffer) => {
      heard += bytes.toString('latin1')
    })
    .on('end', () => events.push('end'))
    .on('error', () => events.push('reset'))
  return { socket, said: () => heard, events }
}

function post(port: number, ...fields: readonly string[]): string {
  return `${[`POST http://127.0.0.1:${port}/ HTTP/1.1`, 'Host: h', ...fields].join('\r\n')}\r\n\r\n`
}

/** What a program does with a body whose end never comes. */
const ENDLESS: readonly (readonly [string, string, (socket: Socket) => void])[] = [
  ['stops in the middle of its body', 'Content-Length: 100000', (socket) => void socket.write('abc')],
  [
    'sends one piece of its body after the other',
    'Content-Length: 999999999999',
    (socket) => trickle(socket, 'x'),
  ],
  ['stops after a chunk', 'Transfer-Encoding: chunked', (socket) => void socket.write(CHUNK)],
  [
    'sends one chunk after the other',
    'Transfer-Encoding: chunked',
    (socket) => trickle(socket, '1\r\nx\r\n'),
  ],
  ['sends chunks as fast as they are taken', 'Transfer-Encoding: chunked', pour],
]

function trickle(socket: Socket, piece: string): void {
  const timer = setInterval(() => void socket.write(piece), 10)
  socket.once('close', () => clearInterval(timer))
  onTestFinished(() => clearInterval(timer))
}

function pour(socket: Socket): void {
  const more = (): void => {
    while (!socket.destroyed && socket.write(CHUNK));
  }
  socket.on('drain', more)
  more()
}

/** Ends the connection that is open to it, and settles when the proxy has none left. */
async function isLeft({ agent }: StartedProxy): Promise<boolean> {
  let isOver = false
  void agent.close(2 * CEILING_MS).then(() => {
    isOver = true
  })
  await waitUntil(() => isOver, CEILING_MS)
  return !isOver
}

describe.each(['direct', 'tunnel'] as const)('an upload that is answered early, by the %s way', (way) => {
  async function proxyWith(limits: Partial<ProxyLimits>): Promise<StartedProxy> {
    if (way === 'direct') return startProxy({ limits })
    return startProxy({ limits, egress: makeAgent(await startServer()).egress })
  }

  async function startEarly(answer = TOO_LARGE): Promise<number> {
    const { port } = await startBytes((socket) => {
      socket.resume().once('data', () => socket.write(answer))
    })
    return port
  }

  test.each(ENDLESS)('leaves nothing of a program that %s', async (_what, framing, act) => {
    const host = await startEarly()
    const proxy = await proxyWith({ restMs: 200 })
    const program = startProgram(proxy.port)
    program.socket.write(post(host, framing))
    act(program.socket)
    expect(await waitUntil(() => program.events.length > 0, CEILING_MS)).toBe(true)
    expect(program.said()).toMatch(/^HTTP\/1\.1 413 Too Large\r\n[\s\S]*\r\n\r\nbig$/)
    expect(program.events[0]).toBe('end')
    expect(await isLeft(proxy)).toBe(false)
  })

  test.each([
    ['Content-Length: 6', 'abcdef'],
    ['Transfer-Encoding: chunked', '3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n'],
  ])('keeps the connection of a program that comes to an end with %j', async (framing, body) => {
    const host = await startEarly()
    const other = await startBytes((socket) => void socket.on('data', () => socket.write(OK)))
    const { port } = await proxyWith({})
    const { events, said, socket } = startProgram(port)
    socket.write(post(host, framing) + body.slice(0, 2))
    expect(await waitUntil(() => said().endsWith('big'), CEILING_MS, 2)).toBe(true)
    expect(said()).toMatch(/^connection: keep-alive$/im)
    socket.write(body.slice(2))
    socket.write(`GET http://127.0.0.1:${other.port}/ HTTP/1.1\r\nHost: h\r\n\r\n`)
    expect(await waitUntil(() => said().endsWith('ok'), CEILING_MS, 2)).toBe(true)
    expect(events).toEqual([])
  })

  test('says that the connection ends where the host will not take the rest', async () => {
    const host = await startEarly(TOO_LARGE.replace('\r\n', '\r\nConnection: close\r\n'))
    const proxy = await proxyWith({ restMs: 200 })
    const { events, said, socket } = startProgram(proxy.port)
    socket.write(post(host, 'Transfer-Encoding: chunked'))
    pour(socket)
    expect(await waitUntil(() => events.length > 0, CEILING_MS)).toBe(true)
    expect(said()).toMatch(/^connection: close$/im)
    expect(said()).toMatch(/\r\n\r\nbig$/)
    expect(events[0]).toBe('end')
    expect(await isLeft(proxy)).toBe(false)
  })
})

test.each([
  ['by a rule', {}, 'egress.denied'],
  ['for its missing password', { password: 'ada:secret' }, 'proxy.password-needed'],
])('an upload that is refused %s hears why, and is not cut off before', async (_why, options, code) => {
  const proxy = await startProxy({ ...options, choose: () => 'deny', limits: { restMs: 200 } })
  for (const expectation of [[], ['Expect: 100-continue']]) {
    const { events, said, socket } = startProgram(proxy.port)
    socket.write(post(80, 'Transfer-Encoding: chunked', ...expectation))
    pour(socket)
    expect(await waitUntil(() => events.length > 0, CEILING_MS)).toBe(true)
    expect(said()).toMatch(/^connection: close$/im)
    expect(said()).toMatch(new RegExp(`^x-bridge-error: ${code.replace('.', '\\.')}`, 'im'))
    expect(said()).toMatch(/\}\n$/)
    expect(events[0]).toBe('end')
  }
  expect(await isLeft(proxy)).toBe(false)
})

test('an upload whose expectation nobody can meet does not go on for ever', async () => {
  const proxy = await startProxy({ limits: { restMs: 200 } })
  const { events, said, socket } = startProgram(proxy.port)
  socket.write(post(80, 'Transfer-Encoding: chunked', 'Expect: wonders'))
  pour(socket)
  expect(await waitUntil(() => events.length > 0, CEILING_MS)).toBe(true)
  expect(said()).toMatch(/^HTTP\/1\.1 417 [\s\S]*\r\n\r\n$/)
  expect(said()).toMatch(/^connection: close$/im)
  expect(events[0]).toBe('end')
  expect(await isLeft(proxy)).toBe(false)
})

test('what comes behind a body that took too long is no request', async () => {
  const host = await startBytes((socket) => void socket.on('data', () => socket.write(TOO_LARGE)))
  const other = await startBytes((socket) => void socket.on('data', () => socket.write(OK)))
  const proxy = await startProxy({ limits: { restMs: 200 } })
  const { events, said, socket } = startProgram(proxy.port)
  socket.write(post(host.port, 'Content-Length: 3'))
  expect(await waitUntil(() => events.includes('end'), CEILING_MS)).toBe(true)
  socket.write(`abcGET http://127.0.0.1:${other.port}/ HTTP/1.1\r\nHost: h\r\n\r\n`)
  expect(await isLeft(proxy)).toBe(false)
  expect(other.sockets).toHaveLength(0)
  expect(said()).toMatch(/\r\n\r\nbig$/)
})

test('a body that turns out to be broken after its answer is not answered again', async () => {
  const host = await startBytes((socket) => {
    socket.resume().once('data', () => socket.write(TOO_LARGE))
  })
  const proxy = await startProxy({ limits: { restMs: 200 } })
  const { events, said, socket } = startProgram(proxy.port)
  socket.write(post(host.port, 'Transfer-Encoding: chunked'))
  expect(await waitUntil(() => said().endsWith('big'), CEILING_MS, 2)).toBe(true)
  socket.write('nonsense\r\n')
  expect(await waitUntil(() => events.length > 0, CEILING_MS, 2)).toBe(true)
  expect(events[0]).toBe('end')
  expect(said()).toMatch(/\r\n\r\nbig$/)
  expect(await isLeft(proxy)).toBe(false)
})

test('a program that floods behind an unreadable head hears what is wrong with it', async () => {
  const proxy = await startProxy({ limits: { restMs: 200 } })
  const { events, said, socket } = startProgram(proxy.port)
  socket.write('POST http://h/ HTTP/1.1\r\nHost : h\r\n\r\n')
  pour(socket)
  expect(await waitUntil(() => events.length > 0, CEILING_MS)).toBe(true)
  expect(said()).toMatch(/^HTTP\/1\.1 400 [\s\S]*proxy\.bad-request[\s\S]*\}\n$/)
  expect(events[0]).toBe('end')
  expect(await isLeft(proxy)).toBe(false)
})
