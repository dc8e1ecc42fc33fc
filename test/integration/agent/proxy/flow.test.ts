import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { openRaw } from '../../../support/raw-http.ts'
import { startWeb } from '../../../support/start-hosts.ts'
import { startBytes, startProxy } from '../../../support/start-proxy.ts'
import { waitUntil } from '../../../support/start-sshd.ts'
import { atRest, flood, GIB } from './flood.ts'

/** Sockets on both sides, as large as Linux makes them on loopback, and the streams in between; far below 1 GiB. */
const MOST_IN_FLIGHT_BYTES = 48 * 1024 * 1024

async function connected(port: number): Promise<Socket> {
  const socket = await openRaw(port)
  onTestFinished(() => void socket.destroy())
  return socket
}

test.each(['URL', 'URL with a body', 'tunnel'])(
  'a reader of 1 GiB that stalls makes the host wait, by %s, and memory stays bounded',
  async (way) => {
    let sent = (): number => 0
    const hostPort =
      way === 'tunnel'
        ? (await startBytes((socket) => void socket.once('data', () => (sent = flood(socket))))).port
        : await startWeb((_request, response) => {
            response.writeHead(200, { 'content-length': GIB })
            sent = flood(response)
          })
    const { port } = await startProxy()
    const socket = await connected(port)
    socket.pause()
    const url = `http://127.0.0.1:${hostPort}/`
    socket.write(
      {
        URL: `GET ${url} HTTP/1.1\r\nHost: h\r\n\r\n`,
        'URL with a body': `POST ${url} HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx`,
        tunnel: `CONNECT 127.0.0.1:${hostPort} HTTP/1.1\r\nHost: h\r\n\r\nx`,
      }[way] ?? '',
    )
    const before = process.memoryUsage().rss
    expect(await atRest(() => sent())).toBeLessThan(MOST_IN_FLIGHT_BYTES)
    // Both ends live in this process as well.
    expect(process.memoryUsage().rss - before).toBeLessThan(4 * MOST_IN_FLIGHT_BYTES)
  },
)

test('a host that does not read an upload makes the client wait', async () => {
  const { port: hostPort } = await startBytes((socket) => void socket.pause())
  const { port } = await startProxy()
  const socket = await connected(port)
  socket.write(`PUT http://127.0.0.1:${hostPort}/ HTTP/1.1\r\nHost: h\r\nContent-Length: ${GIB}\r\n\r\n`)
  expect(await atRest(flood(socket))).toBeLessThan(MOST_IN_FLIGHT_BYTES)
})

test('a slow reader gets every byte all the same', async () => {
  const total = 64 * 1024 * 1024
  for (const more of ['', 'Content-Length: 1\r\n']) {
    const hostPort = await startWeb((_request, response) => {
      response.writeHead(200, { 'content-length': total, connection: 'close' })
      flood(response, total)
    })
    const { port } = await startProxy()
    const socket = await connected(port)
    let received = 0
    socket.on('data', (data: Buffer) => {
      received += data.length
      socket.pause()
      setImmediate(() => socket.resume())
    })
    const method = more === '' ? 'GET' : 'POST'
    socket.write(
      `${method} http://127.0.0.1:${hostPort}/ HTTP/1.1\r\nHost: h\r\nConnection: close\r\n${more}\r\n${more === '' ? '' : 'x'}`,
    )
    await once(socket, 'close')
    expect(received).toBeGreaterThan(total)
  }
})

test.each([
  ['before the answer', ''],
  ['in the middle of the answer', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello'],
])('a client that resets %s resets the host at once', async (_when, said) => {
  const seen: string[] = []
  const { port: hostPort, sockets } = await startBytes((socket) => {
    socket
      .on('data', () => socket.write(said))
      .on('error', () => seen.push('reset'))
      .on('end', () => seen.push('end'))
  })
  const { port } = await startProxy()
  for (const request of [
    `GET http://127.0.0.1:${hostPort}/ HTTP/1.1\r\nHost: h\r\n\r\n`,
    `POST http://127.0.0.1:${hostPort}/ HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc`,
  ]) {
    const before = seen.length
    const count = sockets.length
    const socket = await connected(port)
    socket.resume().write(request)
    expect(await waitUntil(() => (sockets[count]?.bytesRead ?? 0) > 0, 5_000)).toBe(true)
    if (said !== '') expect(await waitUntil(() => socket.bytesRead > 50, 5_000)).toBe(true)
    socket.resetAndDestroy()
    expect(await waitUntil(() => seen.length > before, 5_000)).toBe(true)
  }
  expect(seen).toEqual(['reset', 'reset'])
})

test('a program that was stopped, which ends in an orderly way, leaves the host alone soon', async () => {
  const { port: hostPort, sockets } = await startBytes((socket) => socket.resume())
  const { port } = await startProxy({ limits: { patienceMs: 100 } })
  for (const [index, more] of ['', 'Content-Length: 0\r\n'].entries()) {
    const socket = await connected(port)
    socket.end(`GET http://127.0.0.1:${hostPort}/ HTTP/1.1\r\nHost: h\r\n${more}\r\n`)
    expect(await waitUntil(() => sockets[index]?.closed === true, 5_000)).toBe(true)
  }
})

test('a host that answers an upload early is heard, and the upload does not go on to it', async () => {
  const { port: hostPort, sockets } = await startBytes((socket) => {
    socket.once('data', () => socket.write('HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig'))
    socket.resume()
  })
  const { port } = await startProxy()
  const socket = await connected(port)
  let received = ''
  socket.on('data', (data: Buffer) => {
    received += data.toString()
  })
  socket.write(
    `POST http://127.0.0.1:${hostPort}/ HTTP/1.1\r\nHost: h\r\nContent-Length: 100000000\r\n\r\nabc`,
  )
  expect(await waitUntil(() => received.endsWith('\r\n\r\nbig'), 5_000)).toBe(true)
  expect(received).toMatch(/^HTTP\/1\.1 413 /)
  expect(await waitUntil(() => sockets[0]?.closed === true, 5_000)).toBe(true)
})

test('a head that dribbles in without an end is cut off with 408, also the second one of a connection', async () => {
  const host = await startWeb((_request, response) => void response.end('ok'))
  const { port } = await startProxy({ limits: { headMs: 200, checkMs: 50 } })
  const start = `GET http://127.0.0.1:${host}/ HTTP/1.1\r\nHost: h\r\n`
  for (const first of ['', `${start}\r\n`]) {
    const socket = await connected(port)
    let received = ''
    socket.on('data', (data: Buffer) => {
      received += data.toString()
    })
    socket.write(first + start)
    const timer = setInterval(() => socket.write('X-More: 1\r\n'), 30)
    await waitUntil(() => socket.readableEnded, 10_000)
    clearInterval(timer)
    expect(received).toContain('HTTP/1.1 408 ')
    if (first !== '') expect(received).toMatch(/^HTTP\/1\.1 200 OK/)
  }
})

test('an upload that takes longer than a head may is not cut off', async () => {
  const host = await startWeb((request, response) => {
    request.resume().on('end', () => response.end('all'))
  })
  const { port } = await startProxy({ limits: { headMs: 100, checkMs: 20 } })
  const socket = await connected(port)
  let received = ''
  socket.on('data', (data: Buffer) => {
    received += data.toString()
  })
  socket.write(`POST http://127.0.0.1:${host}/ HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n`)
  let sent = 0
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      socket.write('x')
      sent += 1
      if (sent < 10) return
      clearInterval(timer)
      resolve()
    }, 40)
  })
  expect(
    await waitUntil(() => received.endsWith('all\r\n0\r\n\r\n') || received.endsWith('all'), 5_000),
  ).toBe(true)
})

test('closing lets a request finish, ends idle connections at once, and cuts what takes too long', async () => {
  const answers: ServerResponse[] = []
  const host = await startWeb((request, response) => {
    if (request.url === '/idle') response.end('idle')
    else answers.push(response)
  })
  const { port, proxy, agent } = await startProxy()
  const send = async (path: string, method = 'GET'): Promise<{ socket: Socket; received: () => string }> => {
    const socket = await connected(port)
    let received = ''
    socket.on('data', (data: Buffer) => {
      received += data.toString()
    })
    const body = method === 'GET' ? '' : 'Content-Length: 1\r\n'
    socket.write(`${method} http://127.0.0.1:${host}${path} HTTP/1.1\r\nHost: h\r\n${body}\r\n${body && 'x'}`)
    return { socket, received: () => received }
  }
  const idle = await send('/idle')
  expect(await waitUntil(() => idle.received().includes('idle'), 5_000)).toBe(true)
  const busy = await send('/busy')
  expect(await waitUntil(() => answers.length === 1, 5_000)).toBe(true)
  const upload = await send('/upload', 'POST')
  expect(await waitUntil(() => answers.length === 2, 5_000)).toBe(true)
  const endless = await send('/endless')
  expect(await waitUntil(() => answers.length === 3, 5_000)).toBe(true)
  proxy.close()
  const closed = agent.close(3_000)
  expect(await waitUntil(() => idle.socket.readableEnded, 2_500)).toBe(true)
  answers[0]?.end('finished')
  answers[1]?.end('uploaded')
  expect(await waitUntil(() => busy.socket.readableEnded && upload.socket.readableEnded, 2_500)).toBe(true)
  expect(busy.received()).toContain('finished')
  expect(upload.received()).toContain('uploaded')
  await closed
  expect(await waitUntil(() => endless.socket.closed, 5_000)).toBe(true)
  expect(endless.received()).toBe('')
})

test('a thousand requests and tunnels leave no socket behind', async () => {
  const open = new Set<Socket>()
  const { port: hostPort } = await startBytes((socket) => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
    socket.on('end', () => socket.end())
    socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'))
  })
  const { port, agent } = await startProxy()
  const one = async (index: number): Promise<void> => {
    const socket = await openRaw(port)
    const authority = `127.0.0.1:${hostPort}`
    socket.write(
      index % 2 === 0
        ? `GET http://${authority}/ HTTP/1.1\r\nHost: h\r\nAuthorization: ${index % 10}\r\n\r\n`
        : `CONNECT ${authority} HTTP/1.1\r\nHost: h\r\n\r\n`,
    )
    await once(socket, 'data')
    if (index % 3 === 0) socket.destroy()
    else socket.resetAndDestroy()
  }
  for (let batch = 0; batch < 50; batch += 1)
    await Promise.all(Array.from({ length: 20 }, (_, index) => one(batch * 20 + index)))
  // What is left are kept connections, which wait for some seconds for the next request of their user.
  expect(await waitUntil(() => open.size === 0, 15_000)).toBe(true)
  await agent.close()
}, 60_000)
