import { once } from 'node:events'
import { expect, test } from 'vitest'
import { openRaw, rawHttp } from '../../../support/raw-http.ts'
import { OK, startBytes, startProxy, startScripted } from '../../../support/start-proxy.ts'
import { waitUntil } from '../../../support/start-sshd.ts'

const ACCEPTED =
  'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: odd/1\r\nX-Kept: yes\r\n\r\n'

const upgradeTo = (port: number, more = ''): string =>
  `GET http://127.0.0.1:${port}/chat HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: odd/1\r\n${more}\r\n`

test('the client is told to switch only after the host has said so', async () => {
  const { port: hostPort, sockets } = await startBytes((socket) => void socket.resume())
  const { port } = await startProxy()
  const client = await openRaw(port)
  let received = ''
  client.on('data', (data: Buffer) => {
    received += data.toString()
  })
  client.write(upgradeTo(hostPort))
  expect(await waitUntil(() => (sockets[0]?.bytesRead ?? 0) > 0, 5_000)).toBe(true)
  expect(received).toBe('')
  sockets[0]?.write(ACCEPTED)
  expect(await waitUntil(() => received.includes('\r\n\r\n'), 5_000)).toBe(true)
  expect(received).toMatch(/^HTTP\/1\.1 101 Switching Protocols\r\n/)
  expect(received).toMatch(/^connection: upgrade\r$/im)
  expect(received).toMatch(/^upgrade: odd\/1\r$/im)
  expect(received).toContain('X-Kept: yes\r\n')
  client.destroy()
})

test('bytes that come with the request and with the 101 reach the other side, once and first', async () => {
  let heard = ''
  const { port: hostPort, sockets } = await startBytes((socket) => {
    socket.on('data', (data: Buffer) => {
      heard += data.toString('latin1')
    })
  })
  const { port } = await startProxy()
  const client = await openRaw(port)
  let received = ''
  client.on('data', (data: Buffer) => {
    received += data.toString()
  })
  client.write(`${upgradeTo(hostPort)}early `)
  expect(await waitUntil(() => heard.includes('\r\n\r\n'), 5_000)).toBe(true)
  expect(heard).toMatch(/connection: upgrade\r\nupgrade: odd\/1\r\n\r\n$/i)
  sockets[0]?.write(`${ACCEPTED}hello `)
  expect(await waitUntil(() => received.endsWith('hello '), 5_000)).toBe(true)
  client.write('late')
  sockets[0]?.write('again')
  expect(await waitUntil(() => heard.endsWith('early late') && received.endsWith('hello again'), 5_000)).toBe(
    true,
  )
  client.destroy()
})

test('a host that does not switch is heard, and the connection ends', async () => {
  const host = await startScripted(
    'HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nnope\r\n0\r\n\r\n',
  )
  const { port } = await startProxy()
  const answer = await rawHttp(port, upgradeTo(host.port))
  expect(answer).toMatch(/^HTTP\/1\.1 403 Forbidden\r\nContent-Type: text\/plain\r\n/)
  expect(answer).toContain('\r\n4\r\nnope\r\n0\r\n\r\n')
})

test('a change to HTTP/2 is not asked of the host, and neither is one with a body', async () => {
  const host = await startScripted(OK)
  const { port } = await startProxy()
  const url = `http://127.0.0.1:${host.port}/`
  for (const request of [
    `GET ${url} HTTP/1.1\r\nHost: h\r\nConnection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMA\r\n\r\n`,
    `POST ${url} HTTP/1.1\r\nHost: h\r\nConnection: Upgrade, close\r\nUpgrade: odd/1\r\nContent-Length: 3\r\n\r\nabc`,
  ])
    expect(await rawHttp(port, request)).toMatch(/^HTTP\/1\.1 200 OK/)
  expect(host.heard.join('')).not.toMatch(/upgrade|http2/i)
})

test('Upgrade that Connection does not name is no upgrade', async () => {
  const host = await startScripted(OK)
  const { port } = await startProxy()
  const answer = await rawHttp(
    port,
    `GET http://127.0.0.1:${host.port}/ HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: close\r\n\r\n`,
  )
  expect(answer).toMatch(/^HTTP\/1\.1 200 OK/)
  expect(host.heard[0]).not.toMatch(/upgrade/i)
})

test.each(['client', 'host'])('a reset of the %s resets the other side', async (who) => {
  const ends: string[] = []
  const { port: hostPort, sockets } = await startBytes((socket) => {
    socket.once('data', () => socket.write(ACCEPTED)).on('error', () => ends.push('host'))
  })
  const { port } = await startProxy()
  const client = await openRaw(port)
  client.on('error', () => ends.push('client')).write(upgradeTo(hostPort))
  await once(client, 'data')
  if (who === 'client') client.resetAndDestroy()
  else sockets[0]?.resetAndDestroy()
  expect(await waitUntil(() => ends.length > 0, 5_000)).toBe(true)
  expect(ends).toEqual([who === 'client' ? 'host' : 'client'])
})
