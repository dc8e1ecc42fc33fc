import { request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { Writable } from 'node:stream'
import { expect, onTestFinished, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { connectBridge } from '../../../../src/main/api/api-client.ts'
import type { ApiServer } from '../../../../src/main/api/api-server.ts'
import { createLogger } from '../../../../src/node/log.ts'
import { makeClientState } from '../../../support/make-bridge-state.ts'
import { makeApiHome } from '../../../support/start-api-server.ts'

interface Refusal {
  readonly status: number
  readonly code: string
}

/** What the server says to an HTTP request, with or without the wish to upgrade. */
async function ask(server: ApiServer, path: string, headers: Record<string, string>): Promise<Refusal> {
  const { hostname, port } = new URL(server.url)
  const call = request({ host: hostname, port, path, headers, agent: false })
  call.end()
  const answer = await new Promise<{ status: number; body: string }>((resolve, reject) => {
    call.on('error', reject)
    call.on('upgrade', (_response, socket) => {
      socket.destroy()
      resolve({ status: 101, body: '{"error":{"code":"none"}}' })
    })
    call.on('response', (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, body: String(Buffer.concat(chunks)) }),
      )
    })
  })
  return { status: answer.status, code: JSON.parse(answer.body).error.code }
}

const UPGRADE = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
}

test('only the right token on the right path from no foreign page is let in', async () => {
  const { start } = await makeApiHome()
  const server = await start()
  const bearer = { authorization: `Bearer ${server.token}` }
  const port = new URL(server.url).port
  const cases: readonly (readonly [path: string, headers: Record<string, string>])[] = [
    ['/api', { ...UPGRADE, ...bearer }],
    ['/api', { ...UPGRADE, ...bearer, origin: `http://127.0.0.1:${port}` }],
    ['/api', UPGRADE],
    ['/api', { ...UPGRADE, authorization: `Bearer ${server.token}x` }],
    ['/api', { ...UPGRADE, authorization: `Bearer ${server.token.slice(0, -1)}` }],
    ['/api', { ...UPGRADE, authorization: `Basic ${server.token}` }],
    [`/api?token=${server.token}`, { ...UPGRADE, ...bearer }],
    ['/', { ...UPGRADE, ...bearer }],
    ['/api', { ...UPGRADE, ...bearer, host: 'evil.example' }],
    ['/api', { ...UPGRADE, ...bearer, origin: 'https://evil.example' }],
    ['/api', { ...UPGRADE, ...bearer, origin: 'null' }],
    ['/api', { ...UPGRADE, ...bearer, origin: `http://127.0.0.1:${Number(port) - 1}` }],
    ['/api', bearer],
    ['/api', {}],
    ['/health', {}],
  ]
  const answers: unknown[] = []
  for (const [path, headers] of cases) {
    const { status, code } = await ask(server, path, headers)
    answers.push([status, code])
  }
  expect(answers).toEqual([
    [101, 'none'],
    [101, 'none'],
    [401, 'api.token-wrong'],
    [401, 'api.token-wrong'],
    [401, 'api.token-wrong'],
    [401, 'api.token-wrong'],
    [404, 'api.not-found'],
    [404, 'api.not-found'],
    [403, 'api.foreign-request'],
    [403, 'api.foreign-request'],
    [403, 'api.foreign-request'],
    [403, 'api.foreign-request'],
    [404, 'api.not-found'],
    [401, 'api.token-wrong'],
    [404, 'api.not-found'],
  ])
})

test('a browser gives the token as a subprotocol and gets only the other one back', async () => {
  const { start } = await makeApiHome()
  const server = await start()
  const face = new WebSocket(server.url, ['sovereign.v1', `token.${server.token}`], {
    origin: server.url.replace('ws:', 'http:').replace('/api', ''),
  })
  const answer = await new Promise((resolve, reject) => {
    face.on('error', reject)
    face.on('open', () => face.send('{"id":1,"call":"probe","args":{}}'))
    face.on('message', (data) => resolve(JSON.parse(String(data))))
  })
  expect([answer, face.protocol]).toEqual([{ id: 1, ok: true }, 'sovereign.v1'])
  face.terminate()
})

test('neither the token nor what faces send is logged, and a bug is', async () => {
  const { bridge, start } = await makeApiHome()
  const lines: string[] = []
  const log = createLogger(
    'test',
    'debug',
    new Writable({
      write(chunk, _encoding, done) {
        lines.push(String(chunk))
        done()
      },
    }),
  )
  const server = await start({ log })
  const face = await connectBridge({ infoFile: server.infoFile })
  bridge.answer('answerPrompt', () => {
    throw new TypeError('oops')
  })
  const answer = { kind: 'password', password: 'swordfish' } as const
  await expect(face.answerPrompt({ id: '1', answer })).rejects.toMatchObject({ code: 'internal.bug' })
  await ask(server, '/api', { authorization: `Bearer ${server.token}` })
  expect(lines.join('')).toContain('oops')
  expect(lines.join('')).not.toContain('swordfish')
  expect(lines.join('')).not.toContain(server.token)
})

test.each([
  ['more than 1 MiB', 'x'.repeat(1024 * 1024 + 1), 1009],
  ['no JSON', '{"id":1', 1008],
  ['binary', Buffer.from('{}'), 1008],
  ['no call', '{"hello":"world"}', 1008],
])('a message with %s ends that face and no other', async (_what, message, code) => {
  const { bridge, start } = await makeApiHome()
  const server = await start()
  const other = await connectBridge({ infoFile: server.infoFile })
  const face = new WebSocket(server.url, { headers: { authorization: `Bearer ${server.token}` } })
  const closed = new Promise((resolve) => {
    face.on('open', () => face.send(message))
    face.on('close', resolve)
  })
  expect(await closed).toBe(code)
  await other.probe({})
  expect(bridge.calls).toEqual([['probe', {}]])
})

test('a face beyond the largest number is told so and gets in when another one leaves', async () => {
  const { start } = await makeApiHome()
  const server = await start({ maxClients: 1 })
  const first = await connectBridge({ infoFile: server.infoFile })
  await expect(connectBridge({ infoFile: server.infoFile })).rejects.toMatchObject({
    code: 'api.busy',
    message: '1 faces are attached already.',
  })
  first.close()
  await vi.waitFor(async () => (await connectBridge({ infoFile: server.infoFile })).close())
})

/** A face that speaks WebSocket by hand, so that it can stop reading and answering. */
async function rawFace(server: ApiServer): Promise<Socket> {
  const { hostname, port } = new URL(server.url)
  const socket = connect(Number(port), hostname)
  onTestFinished(() => void socket.destroy())
  const headers = { ...UPGRADE, host: `${hostname}:${port}`, authorization: `Bearer ${server.token}` }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.write(`GET /api HTTP/1.1\r\n${lines.join('')}\r\n`)
  await new Promise((resolve) => socket.once('data', resolve))
  return socket
}

test('a face that no longer answers pings is let go of', async () => {
  const { bridge, start } = await makeApiHome()
  const server = await start({ pingIntervalMs: 20 })
  const living = await connectBridge({ infoFile: server.infoFile })
  await rawFace(server)
  expect(bridge.listenerCount).toBe(2)
  await vi.waitFor(() => expect(bridge.listenerCount).toBe(1))
  await living.probe({})
})

test('a face that does not read costs no memory for states and gets the newest one when it reads', async () => {
  const { bridge, start } = await makeApiHome()
  const server = await start()
  const slow = await rawFace(server)
  slow.pause()
  const clients = Array.from({ length: 300 }, (_, index) => makeClientState({ name: `client-${index}` }))
  const heapBefore = process.memoryUsage().heapUsed + process.memoryUsage().external
  // 100 KB each, 200 MB together: what the kernel does not take must not pile up here.
  for (let count = 0; count < 2000; count += 1) {
    bridge.publish({ clients })
    if (count % 50 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  const grown = process.memoryUsage().heapUsed + process.memoryUsage().external - heapBefore
  expect(grown).toBeLessThan(100 * 1024 * 1024)
  expect(bridge.listenerCount).toBe(1)
  let seen = ''
  let count = 0
  slow.on('data', (chunk: Buffer) => {
    seen = (seen + chunk.toString('latin1')).slice(-200_000)
    count += chunk.length
  })
  slow.resume()
  await vi.waitFor(() => expect(seen).toContain('"revision":2001,'), { timeout: 10_000 })
  expect(count).toBeLessThan(50 * 1024 * 1024)
})

test('a face that calls and never reads the answers is cut off', async () => {
  const { bridge, start } = await makeApiHome()
  const server = await start()
  bridge.answer('relayUsage', () => 'x'.repeat(1024 * 1024))
  const face = new WebSocket(server.url, { headers: { authorization: `Bearer ${server.token}` } })
  await new Promise((resolve) => face.on('open', resolve))
  face.pause()
  for (let id = 0; id < 60; id += 1) face.send(JSON.stringify({ id, call: 'relayUsage', args: {} }))
  await vi.waitFor(() => expect(bridge.listenerCount).toBe(0), { timeout: 10_000 })
  face.terminate()
})
