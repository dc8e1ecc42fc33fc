import { expect, test } from 'vitest'
import { freePort } from '../../../support/free-port.ts'
import { logLines, PRIVATE } from '../../../support/log-lines.ts'
import { rawHttp } from '../../../support/raw-http.ts'
import { OK, startBytes, startProxy, startScripted } from '../../../support/start-proxy.ts'

const OF_HEADERS = [
  `Cookie: session=${PRIVATE}`,
  `Authorization: Basic ${PRIVATE}`,
  `Proxy-Authorization: Basic ${PRIVATE}`,
  `Referer: http://elsewhere.test/${PRIVATE}?${PRIVATE}`,
].join('\r\n')
const ADDRESS = `/${PRIVATE}/index.html?token=${PRIVATE}`

/** The end of each head; the connection ends with the answer. */
const END = `${OF_HEADERS}\r\nConnection: close\r\n\r\n`
const SWITCH = `${OF_HEADERS}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`

/** Everything that ends in a refusal, and with which status. */
const REFUSED: readonly (readonly [string, (port: number) => string, number])[] = [
  [
    'a host that nobody finds',
    () => `GET http://nowhere.invalid${ADDRESS} HTTP/1.1\r\nHost: h\r\n${END}`,
    502,
  ],
  [
    'a port that nobody has',
    (port) => `GET http://127.0.0.1:${port}${ADDRESS} HTTP/1.1\r\nHost: h\r\n${END}`,
    502,
  ],
  ['a private address', () => `GET http://10.0.0.1${ADDRESS} HTTP/1.1\r\nHost: h\r\n${END}`, 403],
  ['a credential in the URL', () => `GET http://me:${PRIVATE}@h.test/ HTTP/1.1\r\nHost: h\r\n${END}`, 400],
  ['a credential and no @', () => `GET http://me:${PRIVATE}/ HTTP/1.1\r\nHost: h\r\n${END}`, 400],
  ['a URL that is not HTTP', () => `GET ftp://h.test${ADDRESS} HTTP/1.1\r\nHost: h\r\n${END}`, 501],
  ['two hosts', () => `GET http://h.test${ADDRESS} HTTP/1.1\r\nHost: ${PRIVATE}\r\nHost: b\r\n${END}`, 400],
  ['no host', () => `GET http://h.test${ADDRESS} HTTP/1.1\r\n${END}`, 400],
  [
    'an upload',
    (port) =>
      `POST http://127.0.0.1:${port}${ADDRESS} HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n${END}8\r\n${PRIVATE}\r\n0\r\n\r\n`,
    502,
  ],
  [
    'an upload that waits',
    (port) =>
      `PUT http://127.0.0.1:${port}${ADDRESS} HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 8\r\n${END}`,
    502,
  ],
  ['a WebSocket', (port) => `GET ws://127.0.0.1:${port}${ADDRESS} HTTP/1.1\r\nHost: h\r\n${SWITCH}`, 502],
  [
    'CONNECT to a port that nobody has',
    (port) => `CONNECT 127.0.0.1:${port} HTTP/1.1\r\nHost: h\r\n${END}`,
    502,
  ],
  ['CONNECT to a private address', () => `CONNECT 10.0.0.1:443 HTTP/1.1\r\nHost: ${PRIVATE}\r\n${END}`, 403],
  ['CONNECT with a path', () => `CONNECT h.test:443${ADDRESS} HTTP/1.1\r\nHost: h\r\n${END}`, 400],
  ['CONNECT with a credential', () => `CONNECT me:${PRIVATE}@h.test:443 HTTP/1.1\r\nHost: h\r\n${END}`, 400],
  ['CONNECT to a path alone', () => `CONNECT ${ADDRESS} HTTP/1.1\r\nHost: h\r\n${END}`, 400],
  ['CONNECT to a URL', () => `CONNECT http://h.test${ADDRESS} HTTP/1.1\r\nHost: h\r\n${END}`, 400],
]

test.each(REFUSED)(
  'of %s, the log has the reason and neither path, query nor credential',
  async (_, request, status) => {
    const { log, lines } = logLines('agent')
    const proxy = await startProxy({ log })
    const before = lines.length
    const answer = await rawHttp(proxy.port, request(await freePort()))
    expect(answer.slice(0, 12)).toBe(`HTTP/1.1 ${status}`)
    expect(lines.slice(before)).toHaveLength(1)
    expect(lines[before]).toContain('the proxy refused')
    expect(lines.join('')).not.toContain(PRIVATE)
  },
)

test.each([
  ['a head that is no HTTP', `${PRIVATE} x: y`, 400],
  ['a head that is too long', `X: ${PRIVATE.repeat(9000)}`, 431],
])('%s has no line in the log at all', async (_, line, status) => {
  const { log, lines } = logLines('agent')
  const proxy = await startProxy({ log })
  const before = lines.length
  const request = `GET http://h.test${ADDRESS} HTTP/1.1\r\n${line}\r\n${END}`
  expect((await rawHttp(proxy.port, request)).slice(0, 12)).toBe(`HTTP/1.1 ${status}`)
  expect(lines.slice(before)).toEqual([])
})

test.each([
  ['closes at once', '', 2],
  ['answers in no HTTP', `${PRIVATE} ${PRIVATE}\r\n\r\n`, 2],
  [
    'answers in a coding of its own',
    `HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\nX: ${PRIVATE}\r\n\r\n`,
    2,
  ],
  ['cuts its answer short', `HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n${PRIVATE}`, 1],
])('of a host that %s, the log has its address alone', async (_, answer, said) => {
  const { log, lines } = logLines('agent')
  const proxy = await startProxy({ log })
  const host = await startBytes((socket) => socket.once('data', () => socket.end(answer)))
  const before = lines.length
  const url = `http://127.0.0.1:${host.port}${ADDRESS}`
  await rawHttp(proxy.port, `GET ${url} HTTP/1.1\r\nHost: h\r\n${END}`)
  await rawHttp(
    proxy.port,
    `POST ${url} HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n${END}0\r\n\r\n`,
  )
  expect(lines.slice(before)).toHaveLength(said)
  for (const line of lines.slice(before)) expect(line).toMatch(/127\.0\.0\.1|The host/)
  expect(lines.join('')).not.toContain(PRIVATE)
})

test('what succeeds is not in the log at all: requests, uploads, tunnels, pages of its own', async () => {
  const { log, lines } = logLines('agent')
  const proxy = await startProxy({ log })
  const { port } = await startScripted(OK)
  const before = lines.length
  const url = `http://127.0.0.1:${port}${ADDRESS}`
  const inTunnel = `GET ${ADDRESS} HTTP/1.1\r\nHost: h\r\n${END}`
  for (const request of [
    `GET ${url} HTTP/1.1\r\nHost: h\r\n${END}`,
    `POST ${url} HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n${END}0\r\n\r\n`,
    `GET ${ADDRESS} HTTP/1.1\r\nHost: 127.0.0.1:${proxy.port}\r\n${END}`,
    `GET /agent/health?${PRIVATE} HTTP/1.1\r\nHost: 127.0.0.1:${proxy.port}\r\n${END}`,
    `GET /proxy.pac?${PRIVATE} HTTP/1.1\r\nHost: 127.0.0.1:${proxy.port}\r\n${END}`,
  ])
    expect(await rawHttp(proxy.port, request)).toMatch(/^HTTP\/1\.1 200 /)
  const closing = await startBytes((socket) => socket.once('data', () => socket.end(OK)))
  const tunnel = `CONNECT 127.0.0.1:${closing.port} HTTP/1.1\r\nHost: h\r\n${OF_HEADERS}\r\n\r\n${inTunnel}`
  expect(await rawHttp(proxy.port, tunnel)).toContain('\r\n\r\nok')
  expect(lines.slice(before)).toEqual([])
})
