import { once } from 'node:events'
import { createServer } from 'node:http'
import { type ClientHttp2Stream, connect, type IncomingHttpHeaders } from 'node:http2'
import { expect, onTestFinished, test } from 'vitest'
import { WebSocketServer } from 'ws'
import { tlsOfAgent } from '../../support/dial-as-agent.ts'
import { freePort } from '../../support/free-port.ts'
import { waitUntil } from '../../support/start-sshd.ts'
import { startTestServer } from '../../support/start-tunnel.ts'
import { tunnelFixture } from '../../support/tunnel-fixture.ts'

const { certs } = tunnelFixture()

async function ask(
  headers: Record<string, string>,
): Promise<{ stream: ClientHttp2Stream; answer: IncomingHttpHeaders }> {
  const server = await startTestServer(certs)
  const session = connect(`https://127.0.0.1:${server.port}`, await tlsOfAgent(certs))
  onTestFinished(async () => {
    session.destroy()
    await server.close(0)
  })
  const [settings] = (await once(session, 'remoteSettings')) as [{ enableConnectProtocol: boolean }]
  expect(settings.enableConnectProtocol).toBe(true)
  const stream = session.request(headers, { endStream: false })
  stream.on('error', () => undefined)
  const [answer] = (await once(stream, 'response')) as [IncomingHttpHeaders]
  return { stream, answer }
}

test('an extended CONNECT (RFC 8441) opens a WebSocket with what both ends agree on', async () => {
  const web = createServer()
  const sockets = new WebSocketServer({
    server: web,
    // Otherwise it compresses the shortest, too.
    perMessageDeflate: { serverNoContextTakeover: true },
    handleProtocols: () => 'chat',
  })
  web.listen(0, '127.0.0.1')
  await once(web, 'listening')
  onTestFinished(() => {
    for (const client of sockets.clients) client.terminate()
    web.close()
  })
  const paths: (string | undefined)[] = []
  sockets.on('connection', (socket, request) => {
    paths.push(request.url)
    socket.send('first')
    socket.on('message', (data) => socket.send(`${data} heard`))
  })
  const { port } = web.address() as { port: number }
  const { answer, stream } = await ask({
    ':method': 'CONNECT',
    ':protocol': 'websocket',
    ':scheme': 'http',
    ':authority': `127.0.0.1:${port}`,
    ':path': '/chat?room=1',
    'sec-websocket-version': '13',
    'sec-websocket-protocol': 'chat, other',
    'sec-websocket-extensions': 'permessage-deflate; client_max_window_bits',
    origin: 'http://example.org',
  })
  expect(answer).toMatchObject({ ':status': 200, 'sec-websocket-protocol': 'chat' })
  expect(answer['sec-websocket-extensions']).toContain('permessage-deflate')
  expect(paths).toEqual(['/chat?room=1'])
  const received: Buffer[] = []
  stream.on('data', (data: Buffer) => received.push(data))
  const hears = (frame: Buffer) => waitUntil(() => Buffer.concat(received).includes(frame), 10_000)
  expect(await hears(frameOf('first'))).toBe(true)
  stream.write(masked(0x81, Buffer.from('hello')))
  expect(await hears(frameOf('hello heard'))).toBe(true)
  stream.write(masked(0x88, Buffer.of(0x0f, 0xa1)))
  expect(await hears(Buffer.of(0x88, 2, 0x0f, 0xa1))).toBe(true)
  stream.end()
  expect(await waitUntil(() => stream.closed, 10_000)).toBe(true)
})

test.each([
  [
    'a host that refuses',
    async () => ({ ':authority': `127.0.0.1:${await freePort()}` }),
    502,
    /connection_refused/,
  ],
  [
    'a host that is denied',
    async () => ({ ':authority': '169.254.169.254' }),
    403,
    /destination_ip_prohibited/,
  ],
  [
    'another protocol',
    async () => ({ ':authority': 'a:1', ':protocol': 'connect-udp' }),
    400,
    /http_request_error/,
  ],
])('%s is answered with a status and Proxy-Status', async (_what, more, status, error) => {
  const { answer } = await ask({
    ':method': 'CONNECT',
    ':protocol': 'websocket',
    ':scheme': 'http',
    ':path': '/',
    ...(await more()),
  })
  expect(answer[':status']).toBe(status)
  expect(answer['proxy-status']).toMatch(error)
})

test('another method than CONNECT is refused', async () => {
  const { answer } = await ask({
    ':method': 'GET',
    ':scheme': 'http',
    ':authority': 'example.org',
    ':path': '/',
  })
  expect(answer[':status']).toBe(400)
})

/** A text frame of a server (RFC 6455 §5.2); what is this short it does not compress. */
function frameOf(text: string): Buffer {
  return Buffer.concat([Buffer.of(0x81, text.length), Buffer.from(text)])
}

/** A frame of a client, whose mask changes nothing. */
function masked(opcode: number, payload: Buffer): Buffer {
  return Buffer.concat([Buffer.of(opcode, 0x80 | payload.length, 0, 0, 0, 0), payload])
}
