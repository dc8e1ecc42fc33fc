import type { Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { openRaw, rawHttp } from '../../../support/raw-http.ts'
import { startBytes, startProxy, startScripted } from '../../../support/start-proxy.ts'
import { waitUntil } from '../../../support/start-sshd.ts'
import { atRest, flood } from './flood.ts'

const upgradeTo = (port: number): string =>
  `GET http://127.0.0.1:${port}/chat HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`

/** More than the sockets of both sides hold, as large as Linux makes them on loopback. */
const SIZE = 64 * 1024 * 1024

async function connected(port: number): Promise<Socket> {
  const socket = await openRaw(port)
  onTestFinished(() => void socket.destroy())
  return socket.pause()
}

test('a refusal larger than all buffers reaches a client that begins to read it late', async () => {
  let sent = (): number => 0
  const { port: hostPort } = await startBytes((socket) => {
    socket.once('data', () => {
      socket.write(`HTTP/1.1 403 Forbidden\r\nContent-Length: ${SIZE}\r\n\r\n`)
      sent = flood(socket, SIZE)
    })
  })
  const { port } = await startProxy()
  const socket = await connected(port)
  socket.write(upgradeTo(hostPort))
  expect(await atRest(() => sent())).toBeLessThan(SIZE)
  let received = 0
  socket.on('data', (data: Buffer) => {
    received += data.length
  })
  socket.resume()
  expect(await waitUntil(() => received > SIZE && socket.readableEnded, 10_000)).toBe(true)
})

test('a host that falls silent in the middle of a refusal is cut off', async () => {
  const { port: hostPort, sockets } = await startBytes((socket) => {
    socket.once('data', () => socket.write('HTTP/1.1 403 Forbidden\r\nContent-Length: 100\r\n\r\nhello'))
  })
  const { port } = await startProxy({ limits: { silenceMs: 200 } })
  const socket = await connected(port)
  socket.resume().write(upgradeTo(hostPort))
  expect(await waitUntil(() => socket.closed, 5_000)).toBe(true)
  expect(socket.readableEnded).toBe(false)
  expect(await waitUntil(() => sockets[0]?.destroyed === true, 5_000)).toBe(true)
})

test.each([
  [
    'a refusal in a coding that would get lost',
    '403 No\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
  ],
  ['a refusal with a control character in its reason', '403 N\x01o\r\nContent-Length: 0\r\n\r\n'],
  [
    'a switch with a coding',
    '101 Yes\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nTransfer-Encoding: gzip\r\n\r\n',
  ],
])('%s is told as a bad answer', async (_what, answer) => {
  const host = await startScripted(`HTTP/1.1 ${answer}`)
  const { port } = await startProxy()
  expect(await rawHttp(port, upgradeTo(host.port))).toMatch(/^HTTP\/1\.1 502 [\s\S]*egress\.bad-answer/)
  expect(await waitUntil(() => host.sockets[0]?.destroyed === true, 5_000)).toBe(true)
})
