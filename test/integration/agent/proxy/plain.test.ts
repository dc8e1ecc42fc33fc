import { once } from 'node:events'
import type { Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { openRaw } from '../../../support/raw-http.ts'
import { OK, startBytes, startProxy, startScripted } from '../../../support/start-proxy.ts'
import { waitUntil } from '../../../support/start-sshd.ts'

const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n'

interface Conversation {
  readonly socket: Socket
  said(): string
  /** Sends, and waits until as many answers have come as were ever asked for in this way. */
  ask(text: string, end: string): Promise<string>
}

async function converse(port: number): Promise<Conversation> {
  const socket = await openRaw(port)
  onTestFinished(() => void socket.destroy())
  let heard = ''
  let told = 0
  socket.on('data', (bytes: Buffer) => {
    heard += bytes.toString('latin1')
  })
  return {
    socket,
    said: () => heard,
    ask: async (text, end) => {
      socket.write(text)
      expect(await waitUntil(() => heard.slice(told).endsWith(end), 10_000, 2), heard.slice(told)).toBe(true)
      const answer = heard.slice(told)
      told = heard.length
      return answer
    },
  }
}

function get(port: number, more = ''): string {
  return `GET http://127.0.0.1:${port}/ HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${more}\r\n`
}

/** Answers each head that comes with what the test says, when it says so. */
async function startPatient(): Promise<{
  readonly port: number
  readonly heard: () => string
  readonly sockets: readonly Socket[]
}> {
  let heard = ''
  const { port, sockets } = await startBytes((socket) => {
    socket.on('data', (bytes: Buffer) => {
      heard += bytes.toString('latin1')
    })
  })
  return { port, sockets, heard: () => heard }
}

test('one connection carries answers of every kind one after the other, and the host sees one as well', async () => {
  const host = await startScripted(OK, CHUNKED, OK, 'HTTP/1.1 204 No Content\r\n\r\n', OK)
  const { port } = await startProxy()
  const { ask, socket } = await converse(port)
  expect(await ask(get(host.port), 'ok')).toMatch(/^HTTP\/1\.1 200 OK\r\nContent-Length: 2\r\nVia: /)
  expect(await ask(get(host.port), '0\r\n\r\n')).toContain('\r\n3\r\nabc\r\n')
  expect(await ask(get(host.port), 'ok')).toContain('Content-Length: 2')
  expect(await ask(get(host.port), '\r\n\r\n')).toMatch(/^HTTP\/1\.1 204 /)
  const post = `POST http://127.0.0.1:${host.port}/ HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n`
  expect(await ask(post, 'ok')).toContain('Content-Length: 2')
  expect(await ask(get(host.port), 'ok')).toContain('Content-Length: 2')
  expect(socket.readableEnded).toBe(false)
})

test('a request that is refused, or that fails, leaves the connection for the next one', async () => {
  const host = await startScripted(OK)
  const closed = await startBytes((socket) => void socket.once('data', () => socket.end()))
  const { port } = await startProxy()
  const { ask } = await converse(port)
  expect(await ask(get(host.port), 'ok')).toContain('200 OK')
  expect(await ask('GET http://10.0.0.1/ HTTP/1.1\r\nHost: h\r\n\r\n', '}\n')).toContain('egress.denied')
  expect(await ask(get(closed.port), '}\n')).toContain('egress.unreachable')
  expect(await ask(get(host.port), 'ok')).toContain('200 OK')
})

test('what a client sends before it has its answer is read after it, whatever it is', async () => {
  const host = await startPatient()
  const { port } = await startProxy()
  for (const last of [get(host.port), `OPTIONS http://127.0.0.1:${host.port} HTTP/1.1\r\nHost: h\r\n\r\n`]) {
    const { said, socket } = await converse(port)
    const before = host.heard().length
    const requests = () => host.heard().slice(before).split('\r\n\r\n').length - 1
    socket.write(get(host.port))
    await waitUntil(() => requests() === 1, 10_000, 2)
    socket.end(last)
    // Nothing tells when the proxy has read it; it must not have gone on before the answer.
    await waitUntil(() => socket.writableFinished, 10_000, 2)
    host.sockets.at(-1)?.write('HTTP/1.1 200 First\r\nContent-Length: 2\r\n\r\nok')
    expect(await waitUntil(() => requests() === 2, 10_000, 2)).toBe(true)
    expect(said()).toMatch(/^HTTP\/1\.1 200 First\r\n[\s\S]*\r\n\r\nok$/)
    host.sockets.at(-1)?.write('HTTP/1.1 200 Second\r\nContent-Length: 2\r\n\r\nok')
    await once(socket, 'close')
    expect(said()).toMatch(/200 Second\r\n[\s\S]*\r\n\r\nok$/)
  }
})

test('a client that has ended its side gets an answer without a length whole', async () => {
  const host = await startPatient()
  const { port } = await startProxy()
  const { said, socket } = await converse(port)
  socket.end(get(host.port))
  await waitUntil(() => host.heard().endsWith('\r\n\r\n') && socket.writableFinished, 10_000, 2)
  host.sockets[0]?.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n')
  expect(await waitUntil(() => said().includes('abc'), 10_000, 2)).toBe(true)
  host.sockets[0]?.write('3\r\ndef\r\n0\r\n\r\n')
  await once(socket, 'close')
  expect(said()).toMatch(/abc\r\n3\r\ndef\r\n0\r\n\r\n$/)
})

test.each([
  ['behind a body', `${OK}HTTP/1.1 200 Poison\r\nContent-Length: 6\r\n\r\npoison`],
  [
    'behind a body that comes by itself',
    `HTTP/1.1 200 OK\r\nContent-Length: ${9_000}\r\n\r\n${'x'.repeat(8_998)}okpoison`,
  ],
  ['behind an answer to HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison'],
])('bytes that a host sends %s are nobody’s answer', async (what, answer) => {
  const host = await startScripted(answer, OK)
  const { port } = await startProxy()
  const { ask, said } = await converse(port)
  const isHead = what.endsWith('HEAD')
  const request = isHead ? get(host.port).replace('GET', 'HEAD') : get(host.port)
  await ask(request, isHead ? '\r\n\r\n' : 'ok')
  const second = await ask(get(host.port), 'ok')
  expect(second).toMatch(/^HTTP\/1\.1 200 OK\r\nContent-Length: 2\r\n/)
  expect(said()).not.toContain('oison')
  expect(host.heard).toHaveLength(2)
})

test('bytes that a host sends while nothing is asked end its connection', async () => {
  const host = await startScripted(OK)
  const { port } = await startProxy()
  const { ask } = await converse(port)
  await ask(get(host.port), 'ok')
  host.sockets[0]?.write('HTTP/1.1 200 Poison\r\nContent-Length: 0\r\n\r\n')
  expect(await waitUntil(() => host.sockets[0]?.destroyed === true, 10_000, 2)).toBe(true)
  expect(await ask(get(host.port), 'ok')).toContain('200 OK')
  expect(host.heard).toHaveLength(2)
})

test('a client that waits for a silent host is told so', async () => {
  const { port: silent } = await startPatient()
  const { port } = await startProxy({ limits: { answerMs: 200 } })
  const { ask } = await converse(port)
  const answer = await ask(get(silent), '}\n')
  expect(answer).toMatch(/^HTTP\/1\.1 504 [\s\S]*egress\.timeout/)
})

test('a host that falls silent in the middle of a body is cut off, and the answer does not look complete', async () => {
  const host = await startScripted('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello')
  const { port } = await startProxy({ limits: { silenceMs: 200 } })
  const { socket, said } = await converse(port)
  socket.write(get(host.port))
  expect(await waitUntil(() => socket.destroyed, 10_000, 2)).toBe(true)
  expect(said()).toMatch(/\r\n\r\nhello$/)
  expect(socket.readableEnded).toBe(false)
})
