import type { Socket } from 'node:net'
import { expect, test } from 'vitest'
import { rawHttp } from '../../support/raw-http.ts'
import { startProxy } from '../../support/start-proxy.ts'

const get = (path: string, host: string, more = '', method = 'GET'): string =>
  `${method} ${path} HTTP/1.1\r\nHost: ${host}\r\n${more}\r\n`

test.each(['127.0.0.1', 'localhost', '[::1]', 'LOCALHOST'])(
  'the PAC file comes by the name %s, and leads to the address it was asked for under',
  async (name) => {
    const { port } = await startProxy({ bypass: ['*.lan'] })
    const answer = await rawHttp(port, get('/proxy.pac', `${name}:${port}`))
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\nContent-Type: application\/x-ns-proxy-autoconfig\r\n/)
    expect(answer).toMatch(/connection: close/i)
    expect(answer).toContain(`return 'PROXY ${name}:${port}'`)
    expect(answer).toContain('.lan')
  },
)

test('health is JSON, HEAD has no body, and a head that dribbles in is understood', async () => {
  const { port } = await startProxy()
  const health = await rawHttp(port, get('/agent/health?x=1', `127.0.0.1:${port}`))
  expect(JSON.parse(health.split('\r\n\r\n')[1] ?? '')).toEqual({ status: 'ok' })
  expect(await rawHttp(port, get('/proxy.pac', `127.0.0.1:${port}`, '', 'HEAD'))).toMatch(
    /^HTTP\/1\.1 200 OK[\s\S]*\r\n\r\n$/,
  )
})

test.each([
  ['another host', (port: number) => get('/proxy.pac', `evil.example:${port}`)],
  ['another port', (port: number) => get('/proxy.pac', `127.0.0.1:${port + 1}`)],
  ['no port', () => get('/proxy.pac', '127.0.0.1')],
  ['two Hosts', (port: number) => get('/proxy.pac', `127.0.0.1:${port}`, `Host: 127.0.0.1:${port}\r\n`)],
  ['no Host', () => 'GET /proxy.pac HTTP/1.0\r\n\r\n'],
  [
    'a page of another site',
    (port: number) => get('/agent/health', `127.0.0.1:${port}`, 'Origin: http://evil.example\r\n'),
  ],
  [
    'a script of another site',
    (port: number) => get('/proxy.pac', `127.0.0.1:${port}`, 'Sec-Fetch-Site: cross-site\r\n'),
  ],
  ['a longer path', (port: number) => get('/proxy.pacs', `127.0.0.1:${port}`)],
  ['another method', (port: number) => get('/proxy.pac', `127.0.0.1:${port}`, '', 'PUT')],
  ['another path', (port: number) => get('/agent/healthy', `127.0.0.1:${port}`)],
  ['the root', (port: number) => get('/', `127.0.0.1:${port}`)],
])('a request with %s is for the relay, which gets every byte of it', async (_what, requestFor) => {
  let heard = ''
  const { port } = await startProxy({
    onRelayConnection: (socket: Socket) => {
      socket.on('data', (data: Buffer) => {
        heard += data.toString()
        if (heard.endsWith('\r\n\r\n')) socket.end('HTTP/1.1 421 Misdirected\r\nContent-Length: 0\r\n\r\n')
      })
      socket.resume()
    },
  })
  const request = requestFor(port)
  expect(await rawHttp(port, request)).toMatch(/^HTTP\/1\.1 421 /)
  expect(heard).toBe(request)
})

test('a proxied URL with one of these paths goes to its host, and is no page of ours', async () => {
  const { port } = await startProxy()
  const answer = await rawHttp(
    port,
    get('http://no-such-host.invalid/agent/health', `127.0.0.1:${port}`, 'Connection: close\r\n'),
  )
  expect(answer).toMatch(/^HTTP\/1\.1 502 /)
})
