import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { createServer, request } from 'node:http'
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { connectBridge } from '../../../../src/main/api/api-client.ts'
import { type ApiServer, type ApiServerOptions, startApiServer } from '../../../../src/main/api/api-server.ts'
import { bridgeRuntimeDir } from '../../../../src/main/api/runtime-dir.ts'
import { createLogger } from '../../../../src/node/log.ts'
import { type FakeBridgeApi, fakeBridgeApi } from '../../../support/fake-bridge-api.ts'
import { makeClientState } from '../../../support/make-bridge-state.ts'

const NO_LOG = createLogger('test', 'silent')

let dir: string
let bridge: FakeBridgeApi
const owned: { close(): unknown }[] = []

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'bridge-api-'))
  bridge = fakeBridgeApi()
})
afterEach(async () => {
  await Promise.all(owned.splice(0).map((one) => one.close()))
  await rm(dir, { recursive: true, force: true })
})

async function start(options: Partial<ApiServerOptions> = {}): Promise<ApiServer> {
  const server = await startApiServer({ api: bridge, runtimeDir: join(dir, 'run'), log: NO_LOG, ...options })
  owned.push(server)
  return server
}

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

test('the token, address and process of a running bridge are in a file for this user alone, until it stops', async () => {
  const server = await start()
  expect(JSON.parse(await readFile(server.infoFile, 'utf8'))).toEqual({
    url: server.url,
    token: server.token,
    pid: process.pid,
    version: '0.1.0',
  })
  expect((await stat(server.infoFile)).mode & 0o777).toBe(0o600)
  expect((await stat(join(dir, 'run'))).mode & 0o777).toBe(0o700)
  expect(Buffer.from(server.token.slice(4), 'base64url')).toHaveLength(32)
  expect(server.url).not.toContain(server.token)
  await Promise.all([server.close(), server.close()])
  expect(await readdir(join(dir, 'run'))).toEqual([])
})

test('only the right token on the right path from no foreign page is let in', async () => {
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
  owned.push({ close: () => socket.destroy() })
  const headers = { ...UPGRADE, host: `${hostname}:${port}`, authorization: `Bearer ${server.token}` }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.write(`GET /api HTTP/1.1\r\n${lines.join('')}\r\n`)
  await new Promise((resolve) => socket.once('data', resolve))
  return socket
}

test('a face that no longer answers pings is let go of', async () => {
  const server = await start({ pingIntervalMs: 20 })
  const living = await connectBridge({ infoFile: server.infoFile })
  await rawFace(server)
  expect(bridge.listenerCount).toBe(2)
  await vi.waitFor(() => expect(bridge.listenerCount).toBe(1))
  await living.probe({})
})

test('a face that does not read costs no memory for states and gets the newest one when it reads', async () => {
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
  const server = await start()
  bridge.answer('relayUsage', () => 'x'.repeat(1024 * 1024))
  const face = new WebSocket(server.url, { headers: { authorization: `Bearer ${server.token}` } })
  await new Promise((resolve) => face.on('open', resolve))
  face.pause()
  for (let id = 0; id < 60; id += 1) face.send(JSON.stringify({ id, call: 'relayUsage', args: {} }))
  await vi.waitFor(() => expect(bridge.listenerCount).toBe(0), { timeout: 10_000 })
  face.terminate()
})

test('a second bridge of the same folder is refused and leaves the first one as it is', async () => {
  const first = await start()
  await expect(start()).rejects.toMatchObject({
    code: 'bridge.already-running',
    message: `A bridge of this user runs already: process ${process.pid}, version 0.1.0, by ${first.infoFile}.`,
    remedy: expect.stringContaining('"sovereign dashboard"') as string,
  })
  const face = await connectBridge({ infoFile: first.infoFile })
  await face.probe({})
  await start({ runtimeDir: join(dir, 'other') })
})

test('of two bridges that start at once, over the file of a dead one, one wins', async () => {
  await mkdir(join(dir, 'run'), { mode: 0o700 })
  await writeFile(join(dir, 'run/bridge.json'), await staleInfo())
  const outcomes = await Promise.allSettled([start(), start(), start()])
  const reasons = outcomes.flatMap((one) => (one.status === 'rejected' ? [one.reason.code] : []))
  expect(reasons).toEqual(['bridge.already-running', 'bridge.already-running'])
  expect(await readdir(join(dir, 'run'))).toEqual(['bridge.json'])
  await (await connectBridge({ infoFile: join(dir, 'run/bridge.json') })).probe({})
})

/** What a bridge that was killed leaves behind, with this living process as its id. */
async function staleInfo(port?: number): Promise<string> {
  const probe = createTcpServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => probe.on('listening', resolve))
  const free = (probe.address() as AddressInfo).port
  await new Promise((resolve) => probe.close(resolve))
  const token = `sbb_${'A'.repeat(43)}`
  const url = `ws://127.0.0.1:${port ?? free}/api`
  return JSON.stringify({ url, token, pid: process.pid, version: '0.0.9' })
}

test.each([
  ['nobody listens any more', async () => await staleInfo()],
  ['half of it was written', async () => '{"url":"ws://127'],
  ['it is empty', async () => ''],
  [
    'another program took the port',
    async () => {
      const server = createServer((_request, response) => response.writeHead(200).end('hello')).listen(
        0,
        '127.0.0.1',
      )
      await new Promise((resolve) => server.on('listening', resolve))
      owned.push(server)
      return await staleInfo((server.address() as AddressInfo).port)
    },
  ],
  [
    'another bridge took the port',
    async () => {
      const other = await start({ runtimeDir: join(dir, 'other') })
      return await staleInfo(Number(new URL(other.url).port))
    },
  ],
])('the file of a dead bridge is replaced: %s', async (_why, content) => {
  await mkdir(join(dir, 'run'), { mode: 0o700 })
  await writeFile(join(dir, 'run/bridge.json'), await content())
  const server = await start()
  await (await connectBridge({ infoFile: server.infoFile })).probe({})
})

test('a bridge that stops takes away its own file only', async () => {
  const server = await start()
  await writeFile(server.infoFile, 'of another one')
  await server.close()
  expect(await readFile(server.infoFile, 'utf8')).toBe('of another one')
})

test('a folder that others may enter is shut, and one that is a link is refused', async () => {
  await mkdir(join(dir, 'run'))
  await chmod(join(dir, 'run'), 0o777)
  await start()
  expect((await stat(join(dir, 'run'))).mode & 0o777).toBe(0o700)
  await symlink(join(dir, 'run'), join(dir, 'link'))
  await expect(start({ runtimeDir: join(dir, 'link') })).rejects.toMatchObject({
    code: 'bridge.info-unusable',
    message: `${join(dir, 'link')} is not a folder.`,
  })
})

test('addresses that others can reach and ports that are taken are refused', async () => {
  await expect(start({ host: '0.0.0.0' })).rejects.toMatchObject({ code: 'port.forbidden' })
  const port = Number(new URL((await start()).url).port)
  await expect(start({ port, runtimeDir: join(dir, 'other') })).rejects.toMatchObject({ code: 'port.taken' })
  expect(await readdir(join(dir, 'other'))).toEqual([])
})

test('without a bridge a face says so and what to do', async () => {
  await expect(connectBridge({ env: { SOVEREIGN_RUNTIME_DIR: dir } })).rejects.toMatchObject({
    code: 'bridge.not-running',
    message: `No bridge runs for this user: there is no ${join(dir, 'bridge.json')}.`,
    remedy: 'Start it with "sovereign bridge", or start the tray app.',
  })
  await writeFile(join(dir, 'bridge.json'), await staleInfo(), { mode: 0o600 })
  await expect(connectBridge({ infoFile: join(dir, 'bridge.json') })).rejects.toMatchObject({
    code: 'bridge.not-running',
  })
})

test.each([
  [
    'another machine',
    '{"url":"ws://192.0.2.1:80/api","token":"AAAAAAAAAAAAAAAAAAAA","pid":1,"version":"1"}',
    0o600,
  ],
  ['a file that others can write', '{}', 0o666],
])('a face sends nothing to %s', async (_what, content, mode) => {
  const infoFile = join(dir, 'bridge.json')
  await writeFile(infoFile, content)
  await chmod(infoFile, mode)
  await expect(connectBridge({ infoFile })).rejects.toMatchObject({ code: 'bridge.info-unusable' })
})

test.each([
  ['linux', { XDG_RUNTIME_DIR: '/run/user/7' }, '/run/user/7/sovereign-bridge'],
  ['linux', { XDG_CONFIG_HOME: '/home/eve/.config' }, '/home/eve/.config/sovereign-bridge/run'],
  ['win32', { LOCALAPPDATA: '/eve/Local' }, '/eve/Local/sovereign-bridge/run'],
  ['linux', { SOVEREIGN_RUNTIME_DIR: '/x', XDG_RUNTIME_DIR: '/run/user/7' }, '/x'],
] as const)('the info file is in a folder of the user on %s with %j', (platform, env, expected) => {
  expect(bridgeRuntimeDir(env, platform)).toBe(expected)
})
