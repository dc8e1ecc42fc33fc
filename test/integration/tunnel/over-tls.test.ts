import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { type ClientHttp2Stream, connect as connectH2, constants, type IncomingHttpHeaders } from 'node:http2'
import { createServer, type Server } from 'node:https'
import { getCACertificates, setDefaultCACertificates, TLSSocket } from 'node:tls'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { WebSocketServer } from 'ws'
import { tlsOfAgent } from '../../support/dial-as-agent.ts'
import { type OwnCerts, readPem } from '../../support/make-certs.ts'
import { soon } from '../../support/soon.ts'
import { startHost } from '../../support/start-hosts.ts'
import { decoded, encoded, startOldAgent } from '../../support/start-old-agent.ts'
import { startTestServer, type TestServer } from '../../support/start-tunnel.ts'
import { tunnelFixture } from '../../support/tunnel-fixture.ts'

// Hosts of https: and wss: that the server itself speaks TLS with. The authority of the tunnel stands in for one that
// the system knows.

const known = getCACertificates('default')
const { certs } = tunnelFixture()
let server: TestServer
let hostCert: Awaited<ReturnType<OwnCerts['issue']>>
beforeAll(async () => {
  hostCert = await certs.authority.issue('localhost', { kind: 'server' })
  server = await startTestServer(certs)
})
afterAll(async () => {
  setDefaultCACertificates(known)
  await server.close(0)
})

async function trustHosts(isTrusted: boolean): Promise<void> {
  setDefaultCACertificates(isTrusted ? [...known, await readPem(certs.ca)] : known)
}

/** Says which name it was asked for in TLS, to requests and to WebSockets. */
async function startSecureHost(): Promise<number> {
  const names: (string | false | null)[] = []
  const web: Server = createServer(
    { cert: await readPem(hostCert.cert), key: await readPem(hostCert.key) },
    (_, response) => response.end(`secure for ${names.at(-1)}`),
  )
  web.on('secureConnection', ({ servername }: { servername?: string | false | null }) =>
    names.push(servername ?? null),
  )
  const sockets = new WebSocketServer({ server: web })
  sockets.on('connection', (socket) =>
    socket.on('message', (data) => socket.send(`${String(data)} for ${names.at(-1)}`)),
  )
  web.listen(0, '127.0.0.1')
  await once(web, 'listening')
  onTestFinished(() => {
    for (const client of sockets.clients) client.terminate()
    web.closeAllConnections()
    web.close()
  })
  return (web.address() as { port: number }).port
}

/** Takes WebSockets, and notes how their connections end. */
async function startSecureEcho(): Promise<{ port: number; ends: string[] }> {
  const ends: string[] = []
  const [cert, key] = [await readPem(hostCert.cert), await readPem(hostCert.key)]
  const port = await startHost((socket) => {
    const secure = new TLSSocket(socket, { isServer: true, cert, key })
    secure.on('error', () => undefined).once('close', () => ends.push('close'))
    secure.once('end', () => ends.push('end'))
    secure.once('data', (data: Buffer) => {
      const [, asked = ''] = /sec-websocket-key: (\S+)/i.exec(data.toString('latin1')) ?? []
      const accept = createHash('sha1')
        .update(`${asked}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
        .digest('base64')
      const head = ['HTTP/1.1 101 ', 'Upgrade: websocket', 'Connection: Upgrade']
      secure.write([...head, `Sec-WebSocket-Accept: ${accept}`, '', ''].join('\r\n'))
      secure.resume()
    })
  })
  return { port, ends }
}

/** Sends one envelope as agents of the first version do. */
async function envelopes(type: string, payload: object) {
  const agent = await startOldAgent(certs, server)
  const say = (kind: string, fields: object) => agent.send(kind, { id: '1', ...fields })
  say(type, payload)
  return { say, next: agent.next }
}

async function extendedConnect(port: number) {
  const session = connectH2(`https://127.0.0.1:${server.port}`, await tlsOfAgent(certs))
  onTestFinished(() => session.destroy())
  await once(session, 'remoteSettings')
  const target = { ':scheme': 'https', ':authority': `localhost:${port}`, ':path': '/' }
  const stream: ClientHttp2Stream = session.request(
    { ':method': 'CONNECT', ':protocol': 'websocket', ...target, 'sec-websocket-version': '13' },
    { endStream: false },
  )
  stream.on('error', () => undefined)
  const [answer] = (await once(stream, 'response')) as [IncomingHttpHeaders & { ':status': number }]
  return { stream, answer }
}

describe('a host whose certificate is trusted', () => {
  test('answers an https: request, asked for by its name', async () => {
    await trustHosts(true)
    const url = `https://localhost:${await startSecureHost()}/`
    const { next } = await envelopes('http_request', { method: 'GET', url, headers: {}, body: '' })
    const { body, status_code: status } = await next('http_response')
    expect([status, decoded(body)]).toEqual([200, 'secure for localhost'])
  })

  test('takes a wss: WebSocket of envelopes', async () => {
    await trustHosts(true)
    const url = `wss://localhost:${await startSecureHost()}/`
    const { next, say } = await envelopes('ws_open', { url, headers: {} })
    expect(await next('ws_ack')).toMatchObject({ ok: true })
    say('ws_message', { message_type: 1, data: encoded('hello') })
    expect(decoded((await next('ws_message')).data)).toBe('hello for localhost')
  })

  test('takes a wss: WebSocket of an extended CONNECT', async () => {
    await trustHosts(true)
    const { answer, stream } = await extendedConnect(await startSecureHost())
    expect(answer[':status']).toBe(200)
    // One masked text frame (RFC 6455 §5.2) with a mask of zeros.
    stream.write(Buffer.from([0x81, 0x85, 0, 0, 0, 0, ...Buffer.from('hello')]))
    const [frame] = (await once(stream, 'data')) as [Buffer]
    expect(frame.subarray(2).toString()).toBe('hello for localhost')
  })

  test('hears of it when the agent is gone, and the server goes on', async () => {
    await trustHosts(true)
    const { port, ends } = await startSecureEcho()
    const { stream } = await extendedConnect(port)
    stream.close(constants.NGHTTP2_CANCEL)
    await soon(() => expect(ends.length).toBeGreaterThan(0))
    const { answer } = await extendedConnect(await startSecureHost())
    expect(answer[':status']).toBe(200)
  })
})

describe('a host whose certificate nobody here knows', () => {
  const WORDS = /TLS with localhost failed/

  test('gets no https: request, and the agent is told', async () => {
    await trustHosts(false)
    const url = `https://localhost:${await startSecureHost()}/`
    const { next } = await envelopes('http_request', { method: 'GET', url, headers: {}, body: '' })
    expect(await next('http_response')).toMatchObject({
      status_code: 502,
      error: expect.stringMatching(WORDS) as string,
    })
  })

  test('gets no WebSocket, in either format', async () => {
    await trustHosts(false)
    const port = await startSecureHost()
    const { next } = await envelopes('ws_open', { url: `wss://localhost:${port}/`, headers: {} })
    expect(await next('ws_ack')).toMatchObject({ ok: false, error: expect.stringMatching(WORDS) as string })
    const { answer } = await extendedConnect(port)
    expect(answer[':status']).toBe(502)
    expect(answer['proxy-status']).toMatch(WORDS)
  })

  test('that is another one than was asked for gets nothing, although its authority is known', async () => {
    await trustHosts(true)
    const url = `https://127.0.0.1:${await startSecureHost()}/`
    const { next } = await envelopes('http_request', { method: 'GET', url, headers: {}, body: '' })
    expect(await next('http_response')).toMatchObject({
      status_code: 502,
      error: expect.stringMatching(/TLS with 127\.0\.0\.1 failed/) as string,
    })
  })
})

test('a host that speaks no TLS is named', async () => {
  const port = await startHost((socket) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
  const url = `https://localhost:${port}/`
  const { next } = await envelopes('http_request', { method: 'GET', url, headers: {}, body: '' })
  expect(await next('http_response')).toMatchObject({
    status_code: 502,
    error: expect.stringMatching(/TLS with localhost failed/) as string,
  })
})
