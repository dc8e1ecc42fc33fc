import { expect, test } from 'vitest'
import { openRaw, rawHttp } from '../../../support/raw-http.ts'
import { OK, startProxy, startScripted } from '../../../support/start-proxy.ts'
import { waitUntil } from '../../../support/start-sshd.ts'

/**
 * Requests that two programs may read differently, by the classes of RFC 9112 §11 and the CVEs of Node's parser. None
 * may reach a host. What stands behind the body is the request that would be smuggled.
 */
const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n'
const START = 'POST http://HOST/ HTTP/1.1\r\nHost: HOST\r\n'

const REFUSED: readonly (readonly [string, string])[] = [
  [
    'length and coding',
    `${START}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${SMUGGLED}`,
  ],
  [
    'coding and length',
    `${START}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n${SMUGGLED}`,
  ],
  ['two lengths', `${START}Content-Length: 0\r\nContent-Length: 44\r\n\r\n${SMUGGLED}`],
  ['two equal lengths', `${START}Content-Length: 0\r\nContent-Length: 0\r\n\r\n${SMUGGLED}`],
  ['a list of lengths', `${START}Content-Length: 0, 44\r\n\r\n${SMUGGLED}`],
  ['a signed length', `${START}Content-Length: +4\r\n\r\nabcd`],
  ['a negative length', `${START}Content-Length: -1\r\n\r\n`],
  ['a hexadecimal length', `${START}Content-Length: 0x4\r\n\r\nabcd`],
  ['an empty length', `${START}Content-Length: \r\n\r\n`],
  ['a length beyond all numbers', `${START}Content-Length: 99999999999999999999\r\n\r\n`],
  ['two codings', `${START}Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n`],
  ['chunked twice', `${START}Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n`],
  ['chunked and something behind it', `${START}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n`],
  ['something before chunked', `${START}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`],
  ['an unknown coding', `${START}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`],
  ['an identity coding', `${START}Transfer-Encoding: identity\r\n\r\n${SMUGGLED}`],
  ['a coding behind a vertical tab', `${START}Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n`],
  ['a coding in quotes', `${START}Transfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n`],
  [
    'a coding in HTTP/1.0',
    'POST http://HOST/ HTTP/1.0\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  ],
  ['a space before the colon', `${START}Content-Length : 4\r\n\r\nabcd`],
  ['a tab before the colon', `${START}Transfer-Encoding\t: chunked\r\n\r\n0\r\n\r\n`],
  ['a folded header', `${START}X-A: b\r\n c\r\n\r\n`],
  ['a folded coding', `${START}Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n`],
  ['a header without a name', `${START}: b\r\n\r\n`],
  ['a header without a colon', `${START}Just words\r\n\r\n`],
  ['a first header that begins with a space', 'POST http://HOST/ HTTP/1.1\r\n Host: HOST\r\n\r\n'],
  ['a bare LF in the head', `POST http://HOST/ HTTP/1.1\nHost: HOST\n\n`],
  ['a bare LF between headers', `${START}X-A: b\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
  ['a bare CR in a header', `${START}X-A: b\rTransfer-Encoding: chunked\r\n\r\n`],
  ['a NUL in a header', `${START}X-A: b\0c\r\n\r\n`],
  ['a NUL in a name', `${START}X-\0A: b\r\n\r\n`],
  ['a chunk size with 0x', `${START}Transfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\n`],
  ['a chunk size with a sign', `${START}Transfer-Encoding: chunked\r\n\r\n+3\r\nabc\r\n0\r\n\r\n`],
  ['a chunk size with a space', `${START}Transfer-Encoding: chunked\r\n\r\n 3\r\nabc\r\n0\r\n\r\n`],
  ['a chunk size beyond all numbers', `${START}Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nabc`],
  ['a chunk that ends in LF', `${START}Transfer-Encoding: chunked\r\n\r\n3\nabc\r\n0\r\n\r\n`],
  [
    'a chunk that is longer than it says',
    `${START}Transfer-Encoding: chunked\r\n\r\n3\r\nabcdef\r\n0\r\n\r\n`,
  ],
  [
    'a chunk extension without an end',
    `${START}Transfer-Encoding: chunked\r\n\r\n3;${'x'.repeat(70_000)}\r\nabc\r\n0\r\n\r\n`,
  ],
  ['two Hosts', 'GET http://HOST/ HTTP/1.1\r\nHost: HOST\r\nHost: other\r\n\r\n'],
  ['two equal Hosts', 'GET http://HOST/ HTTP/1.1\r\nHost: HOST\r\nHost: HOST\r\n\r\n'],
  ['no Host', 'GET http://HOST/ HTTP/1.1\r\nX-A: b\r\n\r\n'],
  ['a version that does not exist', 'GET http://HOST/ HTTP/1.32\r\nHost: HOST\r\n\r\n'],
  ['HTTP/0.9 by number', 'GET http://HOST/ HTTP/0.9\r\nHost: HOST\r\n\r\n'],
  ['HTTP/2 by number', 'GET http://HOST/ HTTP/2.0\r\nHost: HOST\r\n\r\n'],
  ['a version in lower case', 'GET http://HOST/ http/1.1\r\nHost: HOST\r\n\r\n'],
  ['a second URL in the line', 'GET http://HOST/ http://other/ HTTP/1.1\r\nHost: HOST\r\n\r\n'],
  ['a tab in the line', 'GET\thttp://HOST/\tHTTP/1.1\r\nHost: HOST\r\n\r\n'],
  ['a method that does not exist', 'G@T http://HOST/ HTTP/1.1\r\nHost: HOST\r\n\r\n'],
  ['a user in the URL', 'GET http://public.example@HOST/ HTTP/1.1\r\nHost: HOST\r\n\r\n'],
  ['a fragment in the URL', 'GET http://HOST/#x HTTP/1.1\r\nHost: HOST\r\n\r\n'],
  ['a backslash in the host', 'GET http://public.example\\@HOST/ HTTP/1.1\r\nHost: HOST\r\n\r\n'],
  ['an encoded host', 'GET http://%31%32%37.0.0.1/ HTTP/1.1\r\nHost: HOST\r\n\r\n'],
  ['a host with nothing in it', 'GET http:/// HTTP/1.1\r\nHost: HOST\r\n\r\n'],
  ['port 0', 'GET http://127.0.0.1:0/ HTTP/1.1\r\nHost: HOST\r\n\r\n'],
  ['a port beyond all ports', 'GET http://127.0.0.1:65616/ HTTP/1.1\r\nHost: HOST\r\n\r\n'],
  ['a port with a sign', 'GET http://127.0.0.1:+80/ HTTP/1.1\r\nHost: HOST\r\n\r\n'],
  ['a URL that is none', 'GET http:HOST/ HTTP/1.1\r\nHost: HOST\r\n\r\n'],
  ['CONNECT without a port', 'CONNECT 127.0.0.1 HTTP/1.1\r\nHost: HOST\r\n\r\n'],
  ['CONNECT to a URL', 'CONNECT http://HOST/ HTTP/1.1\r\nHost: HOST\r\n\r\n'],
  ['CONNECT with a body', 'CONNECT HOST HTTP/1.1\r\nHost: HOST\r\nContent-Length: 3\r\n\r\nabc'],
  [
    'CONNECT with a coded body',
    'CONNECT HOST HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  ],
  ['CONNECT with two Hosts', 'CONNECT HOST HTTP/1.1\r\nHost: HOST\r\nHost: other\r\n\r\n'],
]

test.each(REFUSED)(
  '%s is refused, and nothing of it becomes a request to the host',
  async (_what, request) => {
    const host = await startScripted(OK)
    const { port } = await startProxy()
    const bytes = Buffer.from(request.replaceAll('HOST', `127.0.0.1:${host.port}`), 'latin1')
    const socket = await openRaw(port)
    let answer = ''
    socket.on('data', (data: Buffer) => {
      answer += data.toString('latin1')
    })
    socket.write(bytes)
    await waitUntil(() => socket.readableEnded || socket.closed, 5_000, 5)
    socket.destroy()
    if (answer !== '') expect(answer).toMatch(/^HTTP\/1\.1 (?:400|403|413|431|501|505) /)
    // A body may break only after its head was sent on; then it must never be completed.
    const heard = host.heard.join('')
    expect(heard).not.toContain('smuggled')
    expect(heard).not.toMatch(/\r\n0\r\n/)
    expect(answer).not.toMatch(/200 OK/)
  },
)

test.each(['together', 'apart'])(
  'a body that breaks off before its answer is refused with words, its head and its bytes %s',
  async (how) => {
    const host = await startScripted('')
    const { port } = await startProxy()
    const head = `POST http://127.0.0.1:${host.port}/ HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n`
    const socket = await openRaw(port)
    let answer = ''
    socket.on('data', (data: Buffer) => {
      answer += data.toString('latin1')
    })
    if (how === 'apart') {
      socket.write(head)
      expect(await waitUntil(() => host.heard.length > 0, 5_000, 2)).toBe(true)
    }
    socket.write(`${how === 'apart' ? '' : head}5\r\nhello!\r\n0\r\n\r\n`)
    expect(await waitUntil(() => socket.readableEnded, 5_000, 2)).toBe(true)
    expect(answer).toMatch(
      /^HTTP\/1\.1 400 [\s\S]*connection: close\r\n[\s\S]*proxy\.bad-request[\s\S]*\}\n$/i,
    )
    // Nothing goes on at the host either.
    expect(await waitUntil(() => host.sockets.every(({ closed }) => closed), 5_000, 2)).toBe(true)
  },
)

test('underscores and dashes, and a GET with a body, go on as they came', async () => {
  const host = await startScripted(OK)
  const { port } = await startProxy()
  const answer = await rawHttp(
    port,
    `GET http://127.0.0.1:${host.port}/ HTTP/1.1\r\nHost: h\r\nX-A: 1\r\nX_A: 2\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc`,
  )
  expect(answer).toMatch(/^HTTP\/1\.1 200 OK/)
  expect(await waitUntil(() => host.heard[0]?.endsWith('\r\n\r\nabc') === true, 5_000)).toBe(true)
  expect(host.heard[0]).toContain('X-A: 1\r\nX_A: 2\r\nContent-Length: 3\r\n')
})

test('a chunk extension is taken away', async () => {
  const host = await startScripted(OK)
  const { port } = await startProxy()
  await rawHttp(
    port,
    `POST http://127.0.0.1:${host.port}/ HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n3;a=b\r\nabc\r\n0\r\n\r\n`,
  )
  expect(host.heard[0]).toMatch(/\r\n\r\n3\r\nabc\r\n0\r\n\r\n$/)
})

/** Answers that a client and this proxy might read differently. */
test.each([
  [
    'length and coding',
    'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
  ],
  ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 20\r\n\r\nok'],
  ['a coding that would get lost', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n'],
  ['a space before the colon', 'HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nok'],
  ['a NUL in a header', 'HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 2\r\n\r\nok'],
  ['a bare CR in a header', 'HTTP/1.1 200 OK\r\nX: a\rSet-Cookie: b\r\nContent-Length: 2\r\n\r\nok'],
  ['a folded header', 'HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 2\r\n\r\nok'],
  [
    'a switch that nobody asked for',
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n',
  ],
  ['no status', 'hello world, this is no HTTP\r\n\r\n'],
])('an answer with %s is not passed on', async (_what, script) => {
  const host = await startScripted(script)
  const { port } = await startProxy()
  for (const body of ['', 'Content-Length: 1\r\n']) {
    const answer = await rawHttp(
      port,
      `${body === '' ? 'GET' : 'POST'} http://127.0.0.1:${host.port}/ HTTP/1.1\r\nHost: h\r\n${body}Connection: close\r\n\r\n${body === '' ? '' : 'x'}`,
    )
    expect(answer).toMatch(/^HTTP\/1\.1 502 /)
  }
})

test.each([
  ['a switch that names no protocol', '101 Switching Protocols\r\nX: y\r\n\r\n'],
  ['a status that does not exist', '099 Odd\r\nContent-Length: 2\r\n\r\nok'],
  ['an early hint in a coding', '103 Early Hints\r\nTransfer-Encoding: gzip\r\n\r\n'],
  ['a control character in its reason', '200 O\x01K\r\nContent-Length: 2\r\n\r\nok'],
])('%s is told as a bad answer, whoever asked', async (_what, answer) => {
  const host = await startScripted(`HTTP/1.1 ${answer}`)
  const { port } = await startProxy()
  const url = `http://127.0.0.1:${host.port}/`
  for (const request of [
    `GET ${url} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n`,
    `POST ${url} HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx`,
  ])
    expect(await rawHttp(port, request)).toMatch(/^HTTP\/1\.1 502 [\s\S]*egress\.bad-answer/)
})

test('Trailer where there can be no trailers does not reach those who would stumble over it', async () => {
  const host = await startScripted('HTTP/1.1 200 OK\r\nTrailer: X-A\r\nContent-Length: 2\r\n\r\nok')
  const { port } = await startProxy()
  const url = `http://127.0.0.1:${host.port}/`
  for (const request of [
    `GET ${url} HTTP/1.1\r\nHost: h\r\nConnection: close\r\nTrailer: X-A\r\nExpect: 100-continue\r\n\r\n`,
    `POST ${url} HTTP/1.1\r\nHost: h\r\nConnection: close\r\nTrailer: X-A\r\nContent-Length: 1\r\n\r\nx`,
    `GET ${url} HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: odd/1\r\nTrailer: X-A\r\n\r\n`,
    `HEAD ${url} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n`,
  ])
    expect(await rawHttp(port, request)).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
  expect(host.heard.join('')).not.toContain('Trailer')
})

test('a client of HTTP/1.0, which knows no trailers, gets an answer that has some', async () => {
  const host = await startScripted(
    'HTTP/1.1 200 OK\r\nTrailer: X-A\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-A: b\r\n\r\n',
  )
  const { port } = await startProxy()
  const answer = await rawHttp(port, `GET http://127.0.0.1:${host.port}/ HTTP/1.0\r\n\r\n`)
  expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\nok$/)
})

test('an interim answer has no length that a client might wait for', async () => {
  const host = await startScripted(`HTTP/1.1 103 Early Hints\r\nX-A: b\r\nContent-Length: 9\r\n\r\n${OK}`)
  const { port } = await startProxy()
  for (const more of ['', 'Expect: 100-continue\r\n']) {
    const request = `GET http://127.0.0.1:${host.port}/ HTTP/1.1\r\nHost: h\r\n${more}Connection: close\r\n\r\n`
    expect(await rawHttp(port, request)).toMatch(
      /^HTTP\/1\.1 103 Early Hints\r\nX-A: b\r\nVia: \S+ \S+\r\n\r\nHTTP\/1\.1 200 OK\r\n/,
    )
  }
})

test('what a host sends behind its answer is nobody else’s answer', async () => {
  const host = await startScripted(`${OK}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil`, OK)
  const { port } = await startProxy()
  const socket = await openRaw(port)
  let received = ''
  socket.on('data', (data: Buffer) => {
    received += data.toString()
  })
  const get = `GET http://127.0.0.1:${host.port}/ HTTP/1.1\r\nHost: h\r\n\r\n`
  socket.write(get)
  expect(await waitUntil(() => received.endsWith('ok'), 5_000)).toBe(true)
  received = ''
  socket.write(get)
  expect(await waitUntil(() => received.endsWith('ok'), 5_000)).toBe(true)
  expect(received).not.toContain('evil')
  socket.destroy()
})
