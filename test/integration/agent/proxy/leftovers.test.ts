import { Duplex } from 'node:stream'
import { expect, onTestFinished, test } from 'vitest'
import type { Egress } from '../../../../src/main/egress/egress.ts'
import { openRaw } from '../../../support/raw-http.ts'
import { OK, startBytes, startProxy, startScripted } from '../../../support/start-proxy.ts'
import { waitUntil } from '../../../support/start-sshd.ts'
import { atRest } from './flood.ts'

const MANY_BYTES = 32 * 1024 * 1024

function get(port: number, more = ''): string {
  return `GET http://127.0.0.1:${port}/ HTTP/1.1\r\nHost: h\r\n${more}\r\n`
}

async function connected(port: number) {
  const socket = await openRaw(port)
  onTestFinished(() => void socket.destroy())
  return socket
}

test.each([
  ['instead of an answer', ''],
  ['in the middle of an answer', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello'],
  ['after an answer', OK],
])('nothing is left of a connection whose host ends its side %s', async (_when, said) => {
  const { port: hostPort, sockets } = await startBytes((socket) => {
    socket.once('data', () => socket.end(said))
  })
  const { port } = await startProxy()
  const socket = await connected(port)
  socket.resume().write(get(hostPort))
  expect(await waitUntil(() => sockets[0]?.closed === true, 5_000)).toBe(true)
})

test('nothing is left of a kept connection whose host ends it when it is used again', async () => {
  const { port: hostPort, sockets } = await startBytes((socket) => {
    socket.once('data', () => {
      socket.write(OK)
      if (sockets.length === 1) socket.once('data', () => socket.end())
    })
  })
  const { port } = await startProxy()
  const socket = await connected(port)
  let received = ''
  socket.on('data', (data: Buffer) => {
    received += data.toString('latin1')
  })
  for (const answers of [1, 2]) {
    socket.write(get(hostPort))
    expect(await waitUntil(() => received.split('\r\n\r\nok').length === answers + 1, 5_000, 2)).toBe(true)
  }
  expect(await waitUntil(() => sockets[0]?.closed === true, 5_000)).toBe(true)
  expect(sockets[1]?.closed).toBe(false)
})

test('a connection that its host has come to know is for no one who guesses its name', async () => {
  const host = await startScripted(OK)
  const { port } = await startProxy()
  for (const credential of ['NTLM abc', 'connection 1', 'Negotiate abc', 'connection 2']) {
    const socket = await connected(port)
    socket.resume().write(get(host.port, `Authorization: ${credential}\r\n`))
    expect(await waitUntil(() => socket.bytesRead > 50, 5_000, 2)).toBe(true)
  }
  expect(host.heard).toHaveLength(4)
})

test('a client that does not read its answers gets no more of them', async () => {
  const body = 'x'.repeat(50_000)
  let asked = 0
  let ask = (): void => undefined
  const { port: hostPort } = await startBytes((socket) => {
    socket.on('data', () => {
      asked += 1
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
      if (asked < 3_000) ask()
    })
  })
  const { port } = await startProxy()
  const socket = await connected(port)
  socket.pause()
  ask = () => void socket.write(get(hostPort))
  ask()
  const unread = await atRest(() => asked)
  expect(unread * body.length).toBeLessThan(48 * 1024 * 1024)
  // And goes on with them when it reads.
  socket.resume()
  expect(await waitUntil(() => asked > unread, 5_000)).toBe(true)
})

/** A way on which a whole answer comes in one piece, so that none of it waits at the host. */
function startInOnePiece(): { readonly egress: Egress; readonly asked: () => number } {
  let asked = 0
  const head = `HTTP/1.1 200 OK\r\nContent-Length: ${MANY_BYTES}\r\n\r\n`
  const connect = async (): Promise<Duplex> =>
    new Duplex({
      read: () => undefined,
      write(_bytes, _encoding, done) {
        asked += 1
        this.push(Buffer.concat([Buffer.from(head), Buffer.alloc(MANY_BYTES, 'x')]))
        done()
      },
    })
  return { egress: { name: 'direct', connect, close: async () => undefined }, asked: () => asked }
}

test('what a client sends behind its last request is no request', async () => {
  const { egress, asked } = startInOnePiece()
  const { port } = await startProxy({ egress })
  const socket = await connected(port)
  socket.pause().write(get(80, 'Connection: close\r\n'))
  expect(await waitUntil(() => asked() === 1, 5_000, 2)).toBe(true)
  const { bytesRead } = socket
  socket.write(get(80))
  await waitUntil(() => socket.writableLength === 0, 5_000, 2)
  let received = 0
  socket.on('data', (data: Buffer) => {
    received += data.length
  })
  socket.resume()
  expect(await waitUntil(() => socket.closed || socket.readableEnded, 10_000, 2)).toBe(true)
  expect(bytesRead).toBeLessThan(MANY_BYTES)
  expect(received).toBeGreaterThan(MANY_BYTES)
  expect(asked()).toBe(1)
})

test.each(['', 'Connection: close\r\n'])(
  'a client that never reads the end of its answer is cut off (%j)',
  async (more) => {
    const { egress, asked } = startInOnePiece()
    const { port, agent } = await startProxy({ egress, limits: { silenceMs: 300, checkMs: 20 } })
    const socket = await connected(port)
    socket.pause().write(get(80, more))
    expect(await waitUntil(() => asked() === 1, 5_000, 2)).toBe(true)
    // The last of its connections being cut, it closes at once.
    let isClosed = false
    void agent.close(20_000).then(() => {
      isClosed = true
    })
    expect(await waitUntil(() => isClosed, 10_000)).toBe(true)
  },
)

test('a tunnel whose client has ended its side before it was open is not kept for longer than others', async () => {
  const { port: hostPort } = await startBytes((socket) => void socket.resume())
  const { port } = await startProxy({ limits: { lingerMs: 200 } })
  const socket = await connected(port)
  socket.resume().end(`CONNECT 127.0.0.1:${hostPort} HTTP/1.1\r\nHost: h\r\n\r\n`)
  expect(await waitUntil(() => socket.closed, 5_000)).toBe(true)
})
