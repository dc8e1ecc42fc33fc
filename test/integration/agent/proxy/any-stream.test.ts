import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { connectedPair } from '../../../../src/main/bridge/connected-pair.ts'
import type { Egress } from '../../../../src/main/egress/egress.ts'
import { splice } from '../../../../src/node/splice.ts'
import { openRaw, rawHttp } from '../../../support/raw-http.ts'
import { OK, startBytes, startProxy, startScripted } from '../../../support/start-proxy.ts'
import { waitUntil } from '../../../support/start-sshd.ts'

/** A way out whose streams are no sockets, as those of a tunnel are. */
function streamsOnly(): Egress & { readonly opened: () => number } {
  let opened = 0
  return {
    name: 'mtls',
    opened: () => opened,
    async connect({ host, port }) {
      opened += 1
      const socket = connect({ host, port, allowHalfOpen: true })
      socket.on('error', () => undefined)
      onTestFinished(() => void socket.destroy())
      await once(socket, 'connect')
      const [near, far] = connectedPair()
      void splice(far, socket)
      return near
    },
    close: async () => undefined,
  }
}

test('requests with and without a body go over streams that are no sockets, and share them', async () => {
  const egress = streamsOnly()
  const host = await startScripted(OK)
  const { port } = await startProxy({ egress })
  const url = `http://127.0.0.1:${host.port}/`
  for (let round = 0; round < 3; round += 1) {
    expect(await rawHttp(port, `GET ${url} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 200 /,
    )
    const post = `POST ${url} HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc`
    expect(await rawHttp(port, post)).toMatch(/^HTTP\/1\.1 200 /)
  }
  expect(egress.opened()).toBe(2)
})

test('tunnels and WebSockets go over streams that are no sockets', async () => {
  const { port: hostPort } = await startBytes((socket) => void socket.pipe(socket))
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  server.on('connection', (socket) => socket.on('message', (data) => socket.send(data)))
  const { port } = await startProxy({ egress: streamsOnly() })
  const tunnel = await openRaw(port)
  let received = ''
  tunnel.on('data', (data: Buffer) => {
    received += data.toString()
  })
  tunnel.write(`CONNECT 127.0.0.1:${hostPort} HTTP/1.1\r\nHost: h\r\n\r\nhello`)
  expect(await waitUntil(() => received.endsWith('\r\n\r\nhello'), 5_000)).toBe(true)
  tunnel.end()
  await once(tunnel, 'close')
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const socket = new WebSocket(url, {
    createConnection: () => connect(port, '127.0.0.1'),
    finishRequest: (request) => {
      request.path = url
      request.end()
    },
  })
  await once(socket, 'open')
  socket.send('over the tunnel')
  const [data] = (await once(socket, 'message')) as [Buffer]
  expect(data.toString()).toBe('over the tunnel')
  socket.terminate()
})

test('a stream that breaks in the middle of an answer does not look like its end', async () => {
  const host = await startScripted('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello')
  const { port } = await startProxy({ egress: streamsOnly() })
  const socket = await openRaw(port)
  const events: string[] = []
  socket.on('error', () => events.push('reset')).on('end', () => events.push('end'))
  socket.resume().write(`GET http://127.0.0.1:${host.port}/ HTTP/1.1\r\nHost: h\r\n\r\n`)
  expect(await waitUntil(() => socket.bytesRead > 0, 5_000)).toBe(true)
  host.sockets[0]?.resetAndDestroy()
  expect(await waitUntil(() => socket.closed, 5_000)).toBe(true)
  expect(events).toEqual(['reset'])
})
