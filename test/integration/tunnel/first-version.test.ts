import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { createInterface } from 'node:readline'
import { connect as connectTls, createServer as createTlsServer, type TLSSocket } from 'node:tls'
import { describe, expect, onTestFinished, test } from 'vitest'
import { WebSocketServer } from 'ws'
import type { TunnelServerOptions } from '../../../src/tunnel-server/server.ts'
import { freePort } from '../../support/free-port.ts'
import { readPem } from '../../support/make-certs.ts'
import { readToEnd, startEcho, startHost, startWeb } from '../../support/start-hosts.ts'
import { waitUntil } from '../../support/start-sshd.ts'
import { makeTestAgent, SERVER_NAME, type TestServer } from '../../support/start-tunnel.ts'
import { tunnelFixture } from '../../support/tunnel-fixture.ts'

// Agents and servers of the first version: no ALPN, no hello, `{type, payload}` in lines.

const { certs, startServer } = tunnelFixture()

interface Message {
  readonly type: string
  readonly payload: Record<string, unknown>
}

interface OldAgent {
  readonly socket: TLSSocket
  send(type: string, payload: object): void
  /** The next message of this type about this id. */
  next(type: string, id?: string): Promise<Record<string, unknown>>
  readonly heard: readonly Message[]
}

async function startOldAgent(
  more: Partial<TunnelServerOptions> = {},
): Promise<OldAgent & { server: TestServer }> {
  const server = await startServer(more)
  const own = { cert: await readPem(certs.agent.cert), key: await readPem(certs.agent.key) }
  const socket = connectTls({
    ...own,
    ca: await readPem(certs.ca),
    host: '127.0.0.1',
    port: server.port,
    servername: SERVER_NAME,
  })
  socket.on('error', () => undefined)
  onTestFinished(() => void socket.destroy())
  await once(socket, 'secureConnect')
  const heard: Message[] = []
  createInterface({ input: socket })
    .on('line', (line) => heard.push(JSON.parse(line) as Message))
    .on('error', () => undefined)
  const taken = new Set<Message>()
  return {
    server,
    socket,
    heard,
    send: (type, payload) => void socket.write(`${JSON.stringify({ type, payload })}\n`),
    next: async (type, id) => {
      const wanted = (message: Message) =>
        message.type === type && !taken.has(message) && (id === undefined || message.payload.id === id)
      await waitUntil(() => heard.some(wanted), 10_000)
      const found = heard.find(wanted)
      if (found === undefined) throw new Error(`no ${type} came, but ${JSON.stringify(heard)}`)
      taken.add(found)
      return found.payload
    },
  }
}

const encoded = (text: string): string => Buffer.from(text).toString('base64')
const decoded = (value: unknown): string => Buffer.from(String(value), 'base64').toString()

describe('an agent of the first version', () => {
  test('is told that it is who its certificate says, and hears nothing that it does not know', async () => {
    const agent = await startOldAgent()
    agent.send('iam_auth_request', {
      ...{ id: 'auth', timestamp: '2026-11-21T12:00:00Z', service: 'tunnel', region: 'us-east-1' },
      ...{ access_key_id: 'AKIA', signature: 'x', signed_headers: '' },
    })
    expect(await agent.next('iam_auth_response')).toEqual({ id: 'auth', ok: true })
    agent.send('something_new', { id: '1' })
    agent.send('connect_open', { id: 'a', address: `127.0.0.1:${await startEcho()}` })
    expect(await agent.next('connect_ack', 'a')).toEqual({ id: 'a', ok: true })
    agent.send('connect_data', { id: 'a', chunk: encoded('hello') })
    expect(decoded((await agent.next('connect_data', 'a')).chunk)).toBe('hello')
    const known = ['iam_auth_response', 'connect_ack', 'connect_data']
    expect(agent.heard.every(({ type }) => known.includes(type))).toBe(true)
  })

  test('gets the bytes of a stream in order, and its end with connect_close', async () => {
    const agent = await startOldAgent()
    const text = Array.from({ length: 60_000 }, (_, index) => `${index}\n`).join('')
    const port = await startHost((socket) => socket.end(text))
    agent.send('connect_open', { id: 'a', address: `127.0.0.1:${port}` })
    expect(await agent.next('connect_close', 'a')).toEqual({ id: 'a' })
    const got = agent.heard
      .filter(({ type }) => type === 'connect_data')
      .map(({ payload }) => Buffer.from(String(payload.chunk), 'base64'))
    expect(Buffer.concat(got).toString()).toBe(text)
    expect(Math.max(...got.map(({ length }) => length))).toBeLessThanOrEqual(32 * 1024)
  })

  test('gets a negative acknowledgement with the reason at once', async () => {
    const agent = await startOldAgent()
    agent.send('connect_open', { id: 'a', address: `127.0.0.1:${await freePort()}` })
    expect(await agent.next('connect_ack', 'a')).toMatchObject({ ok: false, code: 'egress.refused' })
    agent.send('connect_open', { id: 'b', address: '169.254.169.254:80' })
    expect(await agent.next('connect_ack', 'b')).toMatchObject({ ok: false, code: 'egress.denied' })
    agent.send('connect_open', { id: 'c', address: 'nonsense' })
    expect(await agent.next('connect_ack', 'c')).toMatchObject({ ok: false, code: 'tunnel.protocol' })
  })

  test('that closes a stream resets nothing that was said, and its own end reaches the host', async () => {
    const heard: Promise<Buffer>[] = []
    const port = await startHost((socket) => void heard.push(readToEnd(socket)))
    const agent = await startOldAgent()
    agent.send('connect_open', { id: 'a', address: `127.0.0.1:${port}` })
    await agent.next('connect_ack', 'a')
    agent.send('connect_data', { id: 'a', chunk: encoded('last words') })
    agent.send('connect_close', { id: 'a' })
    expect(await waitUntil(() => heard.length === 1, 10_000)).toBe(true)
    expect(String(await heard[0])).toBe('last words')
  })

  test('does not reach the streams of another agent, whatever id it uses', async () => {
    const [one, other] = [await startOldAgent(), await startOldAgent()]
    one.send('connect_open', { id: 'same', address: `127.0.0.1:${await startEcho()}` })
    await one.next('connect_ack', 'same')
    other.send('connect_data', { id: 'same', chunk: encoded('intruder') })
    other.send('connect_close', { id: 'same', error: 'ha' })
    one.send('connect_data', { id: 'same', chunk: encoded('mine') })
    expect(decoded((await one.next('connect_data', 'same')).chunk)).toBe('mine')
  })

  test.each([
    ['an id twice', '{"type":"connect_open","payload":{"id":"1","address":"127.0.0.1:9"}}\n'.repeat(2)],
    ['what is not JSON', 'GET / HTTP/1.1\n'],
    [
      'data for a stream that is not open',
      '{"type":"connect_open","payload":{"id":"1","address":"192.0.2.1:9"}}\n{"type":"ws_open","payload":{"id":"1","url":"ws://a/"}}\n',
    ],
  ])('that sends %s is closed on', async (_what, text) => {
    const agent = await startOldAgent({ dial: () => new Promise(() => undefined) })
    agent.socket.write(text)
    expect(await waitUntil(() => agent.socket.closed, 10_000)).toBe(true)
  })

  test('that never ends a line is closed on before it costs much', async () => {
    const agent = await startOldAgent()
    const block = Buffer.alloc(1024 * 1024, 'a')
    let sent = 0
    while (!agent.socket.destroyed && sent < 64) {
      sent += 1
      if (!agent.socket.write(block)) await Promise.race([drained(agent.socket), closedOf(agent.socket)])
    }
    expect(sent).toBeLessThan(40)
    expect(await waitUntil(() => agent.socket.closed, 10_000)).toBe(true)
  })

  test('that does not read is held up, and so is the host', async () => {
    let sent = 0
    const port = await startHost((socket) => {
      const block = Buffer.alloc(64 * 1024)
      const more = (): void => {
        while (sent < 200e6 && !socket.destroyed) {
          sent += block.length
          if (!socket.write(block)) return
        }
      }
      socket.on('drain', more)
      more()
    })
    const agent = await startOldAgent()
    agent.socket.pause()
    agent.send('connect_open', { id: 'a', address: `127.0.0.1:${port}` })
    let last = -1
    await waitUntil(
      () => {
        const isStill = sent === last && sent > 0
        last = sent
        return isStill
      },
      10_000,
      300,
    )
    expect(sent).toBeLessThan(32e6)
  })
})

describe('http_request', () => {
  test('is carried out once, without redirects and without headers of one connection', async () => {
    const seen: IncomingMessage[] = []
    const port = await startWeb((request, response) => {
      seen.push(request)
      response.writeHead(302, {
        location: '/elsewhere',
        'set-cookie': ['a=1', 'b=2'],
        connection: 'close, x-hop',
        'x-hop': '1',
      })
      request.pipe(response)
    })
    const agent = await startOldAgent()
    const headers = {
      'X-One': ['1'],
      Connection: ['x-mine'],
      'X-Mine': ['2'],
      'Proxy-Authorization': ['secret'],
    }
    const url = `http://127.0.0.1:${port}/path?q=1`
    agent.send('http_request', { id: 'r', method: 'POST', url, headers, body: encoded('the body') })
    const answer = await agent.next('http_response', 'r')
    expect({ ...answer, body: decoded(answer.body) }).toMatchObject({
      status_code: 302,
      headers: { location: ['/elsewhere'], 'set-cookie': ['a=1', 'b=2'] },
      body: 'the body',
    })
    expect(Object.keys(answer.headers as object)).not.toContain('x-hop')
    expect(seen).toHaveLength(1)
    expect(seen[0]).toMatchObject({
      method: 'POST',
      url: '/path?q=1',
      headers: { 'x-one': '1', host: `127.0.0.1:${port}` },
    })
    expect(Object.keys(seen[0]?.headers ?? {})).not.toEqual(expect.arrayContaining(['x-mine']))
    expect(seen[0]?.headers['proxy-authorization']).toBeUndefined()
  })

  test.each([
    ['a host that refuses', async () => `http://127.0.0.1:${await freePort()}/`, 502, /refused/],
    ['a host that is denied', () => 'http://10.0.0.1/', 403, /private network/],
    ['what is no URL', () => '/path', 400, /absolute/],
    ['another scheme', () => 'file:///etc/passwd', 400, /absolute/],
    [
      'what does not speak HTTP',
      async () => `http://127.0.0.1:${await startHost((socket) => socket.end('hello\r\n\r\n'))}/`,
      502,
      /correct HTTP/,
    ],
    [
      'an answer that is too large',
      async () =>
        `http://127.0.0.1:${await startWeb((_request, response) => response.end(Buffer.alloc(11e6)))}/`,
      502,
      /larger than 10 MiB/,
    ],
  ])('to %s is answered with words', async (_what, url, status, words) => {
    const agent = await startOldAgent()
    agent.send('http_request', { id: 'r', method: 'GET', url: await url(), headers: {} })
    const answer = await agent.next('http_response', 'r')
    expect(answer.error).toMatch(words)
    expect(answer).toMatchObject({ status_code: status, headers: { 'Content-Type': ['text/plain'] } })
    expect(decoded(answer.body)).toBe(`Tunnel error: ${String(answer.error)}`)
  })
})

describe('ws_open', () => {
  test('carries messages both ways in order, with pings, subprotocol and close code', async () => {
    const web = createServer()
    const sockets = new WebSocketServer({ server: web, handleProtocols: () => 'chat' })
    web.listen(0, '127.0.0.1')
    await once(web, 'listening')
    onTestFinished(() => {
      for (const client of sockets.clients) client.terminate()
      web.close()
    })
    const protocols: string[] = []
    sockets.on('connection', (socket) => {
      protocols.push(socket.protocol)
      socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
      socket.ping('are you there')
    })
    const { port } = web.address() as { port: number }
    const agent = await startOldAgent()
    const headers = {
      ...{
        Upgrade: ['websocket'],
        Connection: ['Upgrade'],
        'Sec-WebSocket-Key': ['dGhlIHNhbXBsZSBub25jZQ=='],
      },
      ...{ 'Sec-WebSocket-Version': ['13'], 'Sec-WebSocket-Protocol': ['chat'] },
    }
    agent.send('ws_open', { id: 'w', url: `http://127.0.0.1:${port}/socket`, headers })
    expect(await agent.next('ws_ack', 'w')).toEqual({ id: 'w', ok: true })
    expect(decoded((await agent.next('ws_message', 'w')).data)).toBe('are you there')
    for (let count = 0; count < 50; count += 1)
      agent.send('ws_message', { id: 'w', message_type: 1 + (count % 2), data: encoded(`m${count}`) })
    for (let count = 0; count < 50; count += 1) {
      const { data, message_type: type } = await agent.next('ws_message', 'w')
      expect([decoded(data), type]).toEqual([`m${count}`, 1 + (count % 2)])
    }
    agent.send('ws_close', { id: 'w', code: 4001 })
    expect(await agent.next('ws_close', 'w')).toEqual({ id: 'w', code: 4001 })
    expect(protocols).toEqual(['chat'])
  })

  test('to a host that takes none is acknowledged negatively', async () => {
    const port = await startWeb((_request, response) => response.writeHead(404).end())
    const agent = await startOldAgent()
    agent.send('ws_open', { id: 'w', url: `ws://127.0.0.1:${port}/`, headers: {} })
    expect(await agent.next('ws_ack', 'w')).toMatchObject({
      ok: false,
      error: expect.stringMatching(/404/) as string,
    })
  })
})

test('a server of the first version serves our agent, which waits for the answer before its end', async () => {
  const server = createTlsServer(
    {
      ...{
        cert: await readPem(certs.server.cert),
        key: await readPem(certs.server.key),
        ca: await readPem(certs.ca),
      },
      ...{ requestCert: true, rejectUnauthorized: true, minVersion: 'TLSv1.3' },
    },
    (socket) => {
      const types: string[] = []
      createInterface({ input: socket.on('error', () => undefined) }).on('line', (line) => {
        const { payload, type } = JSON.parse(line) as Message
        types.push(type)
        const answer = (kind: string, fields: object) =>
          socket.write(`${JSON.stringify({ type: kind, payload: { id: payload.id, ...fields } })}\n`)
        if (type === 'connect_open' && payload.address === 'bad.example:1')
          answer('connect_close', { error: 'dial failed' })
        else if (type === 'connect_open') answer('connect_ack', { ok: true })
        else if (type === 'connect_data') {
          answer('connect_data', { chunk: encoded(`${decoded(payload.chunk)} heard, before: ${types}`) })
          answer('connect_close', {})
        }
      })
    },
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const agent = makeTestAgent(certs, { port }, { protocol: 'envelopes' })
  onTestFinished(async () => {
    await agent.egress.close(0)
    server.close()
  })
  const stream = await agent.egress.connect({ host: 'a.example', port: 1 }, new AbortController().signal)
  const received = readToEnd(stream)
  stream.end('hello')
  expect(String(await received)).toBe('hello heard, before: hello,connect_open,connect_data')
  const bad = agent.egress.connect({ host: 'bad.example', port: 1 }, new AbortController().signal)
  await expect(bad).rejects.toMatchObject({ code: 'egress.unreachable', message: 'dial failed' })
})

function drained(socket: TLSSocket): Promise<void> {
  return new Promise((resolve) => socket.once('drain', () => resolve()))
}

function closedOf(socket: TLSSocket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()))
}
