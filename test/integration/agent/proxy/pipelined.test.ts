import { expect, onTestFinished, test } from 'vitest'
import { openRaw, rawHttp } from '../../../support/raw-http.ts'
import { OK, startBytes, startProxy, startScripted } from '../../../support/start-proxy.ts'
import { waitUntil } from '../../../support/start-sshd.ts'

test.each([
  ['a tunnel', 'CONNECT HOST HTTP/1.1\r\nHost: h\r\n\r\n'],
  ['a tunnel that is refused', 'CONNECT 127.0.0.1:0 HTTP/1.1\r\nHost: h\r\n\r\n'],
  ['an upgrade', 'GET http://HOST/ HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: odd/1\r\n\r\n'],
])('%s behind a request without an answer is not taken for that answer', async (_what, second) => {
  const { port: hostPort, sockets } = await startBytes((socket) => {
    socket.on('data', (data: Buffer) => {
      if (String(data).includes('Upgrade')) socket.write('HTTP/1.1 403 Second\r\nContent-Length: 0\r\n\r\n')
    })
  })
  const { port } = await startProxy()
  const socket = await openRaw(port)
  onTestFinished(() => void socket.destroy())
  let received = ''
  socket.on('data', (data: Buffer) => {
    received += data.toString('latin1')
  })
  const host = `127.0.0.1:${hostPort}`
  socket.write(`GET http://${host}/ HTTP/1.1\r\nHost: h\r\n\r\n${second.replaceAll('HOST', host)}`)
  await waitUntil(() => received !== '' || socket.closed, 1_000)
  sockets[0]?.write(OK)
  await waitUntil(() => socket.closed, 1_000)
  expect(received).toMatch(/^(?:$|HTTP\/1\.1 200 OK)/)
})

test.each([
  [
    'that does without it',
    'GET http://HOST/ HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n',
  ],
  [
    'with a body',
    'POST http://HOST/ HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: odd/1\r\nContent-Length: 3\r\n\r\nabc',
  ],
])('what is right behind an upgrade %s is not lost without a word', async (_what, first) => {
  const host = await startScripted(OK)
  const { port } = await startProxy()
  const second = 'GET http://HOST/second HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n'
  const answer = await rawHttp(port, (first + second).replaceAll('HOST', `127.0.0.1:${host.port}`))
  expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
  expect(answer).toMatch(/^connection: close$/im)
  expect(answer).toMatch(/\r\n\r\nok$/)
  expect(host.heard.join('')).not.toContain('second')
})

test('a tunnel and an upgrade behind a request that has its answer are opened', async () => {
  for (const second of [
    'CONNECT HOST HTTP/1.1\r\nHost: h\r\n\r\n',
    'GET http://HOST/ HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: odd/1\r\n\r\n',
  ]) {
    const { port: hostPort } = await startBytes((socket) => {
      socket.on('data', (data: Buffer) => {
        if (String(data).startsWith('POST')) socket.write(OK)
        else socket.write('HTTP/1.1 101 Second\r\nConnection: Upgrade\r\nUpgrade: odd/1\r\n\r\n')
      })
    })
    const { port } = await startProxy()
    const socket = await openRaw(port)
    onTestFinished(() => void socket.destroy())
    let received = ''
    socket.on('data', (data: Buffer) => {
      received += data.toString('latin1')
    })
    const host = `127.0.0.1:${hostPort}`
    socket.write(`POST http://${host}/ HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n`)
    expect(await waitUntil(() => received.endsWith('ok'), 5_000)).toBe(true)
    socket.write(second.replaceAll('HOST', host))
    expect(await waitUntil(() => /okHTTP\/1\.1 (?:200|101) /.test(received), 5_000)).toBe(true)
  }
})
