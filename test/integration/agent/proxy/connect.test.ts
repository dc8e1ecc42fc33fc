import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { freePort } from '../../../support/free-port.ts'
import { openRaw, rawHttp } from '../../../support/raw-http.ts'
import { startBytes, startProxy } from '../../../support/start-proxy.ts'
import { waitUntil } from '../../../support/start-sshd.ts'

const connectTo = (port: number, more = ''): string =>
  `CONNECT 127.0.0.1:${port} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${more}\r\n`

interface Tunnel {
  readonly socket: Socket
  readonly head: string
  readonly received: () => Buffer
}

async function openTunnel(proxyPort: number, request: string | Buffer): Promise<Tunnel> {
  const socket = await openRaw(proxyPort)
  onTestFinished(() => void socket.destroy())
  let all: Buffer = Buffer.alloc(0)
  socket.on('data', (data: Buffer) => {
    all = Buffer.concat([all, data])
  })
  socket.write(request)
  await waitUntil(() => all.includes('\r\n\r\n') || socket.closed, 10_000, 5)
  const end = all.indexOf('\r\n\r\n')
  return { socket, head: all.toString('latin1', 0, end), received: () => all.subarray(end + 4) }
}

test('a tunnel carries bytes both ways, and its 200 has neither length nor coding', async () => {
  const { port: hostPort } = await startBytes((socket) => void socket.pipe(socket))
  const { port } = await startProxy()
  const { socket, head, received } = await openTunnel(port, connectTo(hostPort))
  expect(head).toBe('HTTP/1.1 200 Connection Established')
  const sent = randomBytes(2_000_000)
  socket.end(sent)
  await once(socket, 'close')
  expect(received().equals(sent)).toBe(true)
})

test('bytes that came with the CONNECT reach the host, before those that come later', async () => {
  const { port: hostPort } = await startBytes((socket) => void socket.pipe(socket))
  const { port } = await startProxy()
  const { socket, received } = await openTunnel(port, `${connectTo(hostPort)}early `)
  socket.end('late')
  await once(socket, 'close')
  expect(String(received())).toBe('early late')
})

test('what the host says first comes through without a byte from the client', async () => {
  const { port: hostPort } = await startBytes((socket) => void socket.write('220 hello\r\n'))
  const { port } = await startProxy()
  const { received } = await openTunnel(port, connectTo(hostPort))
  expect(await waitUntil(() => String(received()) === '220 hello\r\n', 5_000)).toBe(true)
})

test('the end of one direction leaves the other open, on both sides', async () => {
  const { port: hostPort } = await startBytes((socket) => {
    socket.on('data', () => undefined).once('end', () => socket.end('answered after your end'))
  })
  const { port: earlyPort } = await startBytes((socket) => socket.end('bye'))
  const { port } = await startProxy()
  const first = await openTunnel(port, connectTo(hostPort))
  first.socket.end('done')
  await once(first.socket, 'close')
  expect(String(first.received())).toBe('answered after your end')
  const second = await openTunnel(port, connectTo(earlyPort))
  expect(await waitUntil(() => String(second.received()) === 'bye', 5_000)).toBe(true)
})

test('a reset on either side resets the other at once', async () => {
  const seen: string[] = []
  const { port: hostPort, sockets } = await startBytes((socket) => {
    socket
      .resume()
      .on('error', () => seen.push('host reset'))
      .on('end', () => seen.push('host end'))
  })
  const { port } = await startProxy()
  const first = await openTunnel(port, connectTo(hostPort))
  first.socket.resetAndDestroy()
  expect(await waitUntil(() => seen.length > 0, 5_000)).toBe(true)
  const second = await openTunnel(port, connectTo(hostPort))
  second.socket.on('error', () => seen.push('client reset')).on('end', () => seen.push('client end'))
  sockets[1]?.resetAndDestroy()
  expect(await waitUntil(() => seen.length > 1, 5_000)).toBe(true)
  expect(seen).toEqual(['host reset', 'client reset'])
})

test.each([22, 25, 80, 3306, 6379])(
  'a tunnel to port %i is refused, so that it is no way to send mail',
  async (hostPort) => {
    const { port } = await startProxy({ connectPorts: [443, 8443] })
    const answer = await rawHttp(port, connectTo(hostPort))
    expect(answer).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n[\s\S]*x-bridge-error: proxy\.port-denied/i)
    expect(answer).toContain('egress.connectPorts')
  },
)

test.each([
  '127.0.0.1',
  'localhost',
  '0.0.0.0',
  '[::1]',
  '[::]',
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
  '[64:ff9b::7f00:1]',
  '[2002:7f00:1::]',
  '127.1',
  '0x7f.1',
  '2130706433',
  '017700000001',
  '127.0.0.1.',
  'localhost.',
  '169.254.169.254',
  '0xa9fea9fe',
  '[::ffff:169.254.169.254]',
  '[fd00:ec2::254]',
  '10.0.0.1',
  '172.16.0.1',
  '192.168.0.1',
  '100.64.0.1',
  '[fc00::1]',
  '[fe80::1]',
  '[fe80::1%25lo]',
  '224.0.0.1',
  '255.255.255.255',
])('%s is not reached unless it is allowed, by tunnel or by URL', async (host) => {
  const { port: hostPort, sockets } = await startBytes((socket) => socket.end('inside'))
  const { port } = await startProxy({ allow: [] })
  for (const request of [
    `CONNECT ${host}:${hostPort} HTTP/1.1\r\nHost: x\r\n\r\n`,
    `GET http://${host}:${hostPort}/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
  ]) {
    const answer = await rawHttp(port, request)
    expect(answer).toMatch(/^HTTP\/1\.1 403 [\s\S]*x-bridge-error: egress\.denied/i)
  }
  expect(sockets).toHaveLength(0)
})

test('each cause has its own status, code and Proxy-Status', async () => {
  const closed = await freePort()
  const { port: rude } = await startBytes(
    (socket) => void socket.once('data', () => socket.end('SSH-2.0-x\r\n')),
  )
  const { port: silent } = await startBytes(() => undefined)
  const { port } = await startProxy({ limits: { answerMs: 400 } })
  const get = (target: string): string =>
    `GET http://${target}/ HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n`
  const cases: readonly (readonly [string, RegExp])[] = [
    [connectTo(closed), /^HTTP\/1\.1 502 .*egress\.refused.*error=connection_refused/s],
    [get(`127.0.0.1:${closed}`), /^HTTP\/1\.1 502 .*egress\.refused.*error=connection_refused/s],
    [get('no-such-host.invalid'), /^HTTP\/1\.1 502 .*egress\.dns-failed.*error=dns_error/s],
    [get('10.0.0.1'), /^HTTP\/1\.1 403 .*egress\.denied.*error=destination_ip_prohibited/s],
    [get(`127.0.0.1:${rude}`), /^HTTP\/1\.1 502 .*egress\.bad-answer.*error=http_protocol_error/s],
    [get(`127.0.0.1:${silent}`), /^HTTP\/1\.1 504 .*egress\.timeout/s],
    [get('user:pw@127.0.0.1'), /^HTTP\/1\.1 400 .*proxy\.bad-request.*error=http_request_error/s],
    [
      'GET https://127.0.0.1/ HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n',
      /^HTTP\/1\.1 501 .*proxy\.not-http/s,
    ],
  ]
  for (const [request, expected] of cases) expect(await rawHttp(port, request)).toMatch(expected)
})

test('an error is a page for browsers and JSON for tools, and says what to do', async () => {
  const { port } = await startProxy()
  const get = (accept: string): Promise<string> =>
    rawHttp(
      port,
      `GET http://10.9.8.7/<b> HTTP/1.1\r\nHost: h\r\nAccept: ${accept}\r\nConnection: close\r\n\r\n`,
    )
  const page = await get('text/html,application/xhtml+xml,*/*;q=0.8')
  expect(page).toMatch(/Content-Type: text\/html; charset=utf-8/)
  expect(page).toContain('<h1>The proxy may not go to 10.9.8.7: that is a private network.</h1>')
  expect(page).toContain('allow its address or network')
  const [, json = ''] = (await get('*/*')).split('\r\n\r\n')
  expect(JSON.parse(json)).toMatchObject({
    error: { code: 'egress.denied', message: expect.stringContaining('10.9.8.7') },
    bridge: { code: 'egress.denied', recovery: 'user', remedy: expect.stringContaining('allow its address') },
  })
})

test('a rule that denies a host denies it whatever its address', async () => {
  const { port } = await startProxy({ choose: (host) => (host === 'bad.example' ? 'deny' : neverAsked()) })
  for (const request of [
    'CONNECT BAD.example:443 HTTP/1.1\r\nHost: x\r\n\r\n',
    'GET http://bad.example/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
  ])
    expect(await rawHttp(port, request)).toMatch(/^HTTP\/1\.1 403 [\s\S]*egress\.rules/)
})

test.each([
  ['', 407],
  ['Proxy-Authorization: Basic d3Jvbmc6d3Jvbmc=\r\n', 407],
  ['Proxy-Authorization: Bearer ada:secret\r\n', 407],
  [`Proxy-Authorization: Basic ${Buffer.from('ada:secret ').toString('base64')}\r\n`, 407],
  [`Proxy-Authorization: basic ${Buffer.from('ada:secret').toString('base64')}\r\n`, 200],
])('with a password, %j is answered with %i for URLs, tunnels and upgrades', async (header, status) => {
  const heard: string[] = []
  const { port: hostPort } = await startBytes((socket) => {
    socket.on('data', (data: Buffer) => {
      heard.push(data.toString())
      socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
    })
  })
  const { port } = await startProxy({ password: 'ada:secret' })
  const get = `GET http://127.0.0.1:${hostPort}/ HTTP/1.1\r\nHost: h\r\n${header}`
  const expected = new RegExp(`^HTTP/1.1 ${status} `)
  const plain = await rawHttp(port, `${get}Connection: close\r\n\r\n`)
  expect(plain).toMatch(expected)
  if (status === 407) expect(plain).toMatch(/proxy-authenticate: basic realm=/i)
  expect(await rawHttp(port, `${get}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`)).toMatch(expected)
  const tunnel = await openTunnel(port, connectTo(hostPort, header))
  expect(tunnel.head).toMatch(expected)
  expect(heard.join('')).not.toMatch(/proxy-authorization/i)
})

test('a silent tunnel ends after its time, and a half-closed one sooner', async () => {
  const { port: hostPort } = await startBytes((socket) => socket.resume())
  const silent = await startProxy({ limits: { silenceMs: 150 } })
  const first = await openTunnel(silent.port, connectTo(hostPort))
  await waitUntil(() => first.socket.closed, 10_000)
  expect(first.socket.closed).toBe(true)
  const lingering = await startProxy({ limits: { lingerMs: 150 } })
  const second = await openTunnel(lingering.port, connectTo(hostPort))
  second.socket.end()
  await waitUntil(() => second.socket.closed, 10_000)
  expect(second.socket.closed).toBe(true)
})

test('a client that goes away while the host is being connected leaves nothing behind', async () => {
  let asked = 0
  let aborted = 0
  const { port } = await startProxy({
    choose: () => ({
      name: 'direct',
      connect: (_target, signal) =>
        new Promise((_resolve, reject) => {
          asked += 1
          signal.addEventListener('abort', () => {
            aborted += 1
            reject(signal.reason)
          })
        }),
      close: async () => undefined,
    }),
  })
  for (const request of [
    connectTo(443),
    'GET http://h.example/ HTTP/1.1\r\nHost: h\r\n\r\n',
    'POST http://h.example/ HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nabc',
    'GET http://h.example/ HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
  ]) {
    const before = { asked, aborted }
    const socket = await openRaw(port)
    socket.write(request)
    expect(await waitUntil(() => asked === before.asked + 1, 5_000)).toBe(true)
    socket.resetAndDestroy()
    expect(await waitUntil(() => aborted === before.aborted + 1, 5_000)).toBe(true)
  }
})

function neverAsked(): never {
  throw new Error('Nobody should have asked.')
}
