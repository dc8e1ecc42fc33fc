import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { ask, sourceFor } from '../../../src/perimeter/verify/try-cell.ts'
import { freePort } from '../../support/free-port.ts'

const question = { address: '127.0.0.1', family: 4, isHttp: false, timeoutMs: 5_000 } as const

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
  })
  return (server.address() as AddressInfo).port
}

test('says who answered, also when nothing is said after the connection', async () => {
  const http = await listening(createServer((socket) => socket.end('HTTP/1.1 200 OK\r\n\r\n')))
  expect(await ask({ ...question, protocol: 'tcp', port: http, isHttp: true })).toMatchObject({
    kind: 'answered',
    detail: 'connected, "HTTP/1.1 200 OK"',
  })
  const mute = await listening(createServer((socket) => socket.on('error', () => {})))
  expect(await ask({ ...question, protocol: 'tcp', port: mute })).toMatchObject({
    kind: 'answered',
    detail: 'connected',
  })
  expect(await ask({ ...question, protocol: 'tcp', port: mute, isHttp: true, timeoutMs: 300 })).toMatchObject(
    {
      kind: 'answered',
      detail: 'connected, then silent',
    },
  )
})

test.each(['tcp', 'udp'] as const)('tells a closed port from a silent one: %s', async (protocol) => {
  const port = await freePort()
  expect(await ask({ ...question, protocol, port })).toMatchObject({ kind: 'failed', code: 'ECONNREFUSED' })
})

test('waits no longer for a datagram than it was told', async () => {
  const socket = createSocket('udp4')
  onTestFinished(() => {
    socket.close()
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const heard = once(socket, 'message')
  const { port } = socket.address()
  expect(await ask({ ...question, protocol: 'udp', port, timeoutMs: 400 })).toMatchObject({ kind: 'silent' })
  expect((await heard)[0].toString()).toBe('sovereign perimeter verify')
})

test('knows the own address of a way without sending anything', async () => {
  expect(await sourceFor('127.0.0.1', 4)).toBe('127.0.0.1')
  expect(await sourceFor('not an address', 4)).toBeUndefined()
})
