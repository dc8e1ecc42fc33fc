import { createServer, type IncomingMessage } from 'node:http'
import { duplexPair } from 'node:stream'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readPlainConnect, readPlainRequest } from '../../../../../../src/main/agent/proxy/plain/request.ts'

const LINE = 'CONNECT a.example:443 HTTP/1.1\r\n'
const HOST = 'Host: a.example:443\r\n'

function read(text: string): ReturnType<typeof readPlainConnect> {
  return readPlainConnect(Buffer.from(text, 'latin1'))
}

test('what programs send is read with what comes behind it', () => {
  const plain = read(`${LINE}${HOST}User-Agent: curl/8\r\nProxy-Connection: Keep-Alive\r\n\r\n\x16\x03\x01`)
  expect(plain?.request).toEqual({
    method: 'CONNECT',
    url: 'a.example:443',
    httpVersion: '1.1',
    isLast: false,
    headers: { host: 'a.example:443', 'user-agent': 'curl/8', 'proxy-connection': 'Keep-Alive' },
    rawHeaders: ['Host', 'a.example:443', 'User-Agent', 'curl/8', 'Proxy-Connection', 'Keep-Alive'],
  })
  expect(plain?.head.toString('latin1')).toBe('\x16\x03\x01')
})

test.each([
  ['a part of a head', `${LINE}${HOST}\r`],
  ['another method', `GET http://a.example/ HTTP/1.1\r\n${HOST}\r\n`],
  ['a method in small letters', `connect a.example:443 HTTP/1.1\r\n${HOST}\r\n`],
  ['a line before it', `\r\n${LINE}${HOST}\r\n`],
  ['two spaces', `CONNECT  a.example:443 HTTP/1.1\r\n${HOST}\r\n`],
  ['a user', `CONNECT me@a.example:443 HTTP/1.1\r\n${HOST}\r\n`],
  ['a path', `CONNECT a.example:443/ HTTP/1.1\r\n${HOST}\r\n`],
  ['no port', `CONNECT a.example HTTP/1.1\r\n${HOST}\r\n`],
  ['HTTP/1.0', `CONNECT a.example:443 HTTP/1.0\r\n${HOST}\r\n`],
  ['two Hosts', `${LINE}${HOST}${HOST}\r\n`],
  ['two Hosts in other letters', `${LINE}${HOST}HOST: b.example\r\n\r\n`],
  ['two passwords', `${LINE}${HOST}Proxy-Authorization: a\r\nProxy-Authorization: b\r\n\r\n`],
  ['a body', `${LINE}${HOST}Content-Length: 4\r\n\r\nabcd`],
  ['a length of nothing', `${LINE}${HOST}Content-Length: 0\r\n\r\n`],
  ['a coding', `${LINE}${HOST}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
  ['an upgrade', `${LINE}${HOST}Upgrade: websocket\r\n\r\n`],
  ['an expectation', `${LINE}${HOST}Expect: 100-continue\r\n\r\n`],
  ['a space before the colon', `${LINE}Host : a.example\r\n\r\n`],
  ['a folded header', `${LINE}${HOST}X-A: b\r\n c\r\n\r\n`],
  ['an empty value', `${LINE}Host: \r\n\r\n`],
  ['a bare LF', `${LINE}${HOST}X-A: b\nTransfer-Encoding: chunked\r\n\r\n`],
  ['a bare CR', `${LINE}${HOST}X-A: b\rTransfer-Encoding: chunked\r\n\r\n`],
  ['a NUL', `${LINE}${HOST}X-A: b\0c\r\n\r\n`],
  ['a header that is a prototype', `${LINE}${HOST}__proto__: a\r\n\r\n`],
  ['letters beyond ASCII', `${LINE}${HOST}X-A: \xe9\r\n\r\n`],
  ['a value beyond 4 KiB', `${LINE}${HOST}X-B: ${'b'.repeat(4_097)}\r\n\r\n`],
  ['a head beyond 8 KiB', `${LINE}${HOST}X-B: ${'b'.repeat(4_000)}\r\nX-C: ${'c'.repeat(4_200)}\r\n\r\n`],
  ['what Connection names', `${LINE}${HOST}Connection: X-B\r\n\r\n`],
])('%s is left to the parser of Node', (_, text) => {
  expect(read(text)).toBeUndefined()
})

const GET = 'GET http://a.example/b?c=%20 HTTP/1.1\r\nHost: a.example\r\n'

test.each([
  ['', false],
  ['Connection: keep-alive\r\n', false],
  ['Connection: Close\r\n', true],
])('a request by URL with "%s" is read, and whether it is the last', (more, isLast) => {
  const request = readPlainRequest(Buffer.from(`${GET}${more}\r\n`))
  expect(request).toMatchObject({ method: 'GET', url: 'http://a.example/b?c=%20', isLast })
  expect(request?.rawHeaders.slice(0, 2)).toEqual(['Host', 'a.example'])
})

test.each([
  ['a method with a body', GET.replace('GET', 'POST')],
  ['a path alone', GET.replace('http://a.example', '')],
  ['another scheme', GET.replace('http', 'https')],
  ['a fragment', GET.replace('?', '#')],
  ['a space in the URL', GET.replace('?', ' ')],
  ['HTTP/1.0', GET.replace('1.1', '1.0')],
  ['a body', `${GET}Content-Length: 1\r\n`],
  ['an upgrade', `${GET}Upgrade: websocket\r\n`],
  ['trailers wanted', `${GET}TE: trailers\r\n`],
  ['an expectation', `${GET}Expect: 100-continue\r\n`],
  ['a name that is given twice', `${GET}Cookie: a\r\nCookie: b\r\n`],
  ['headers that Connection names', `${GET}Connection: close, X-A\r\n`],
])('a request with %s is left to the parser of Node', (_, head) => {
  expect(readPlainRequest(Buffer.from(`${head}\r\n`))).toBeUndefined()
})

test('a request with the next one behind it is left to the parser of Node', () => {
  expect(readPlainRequest(Buffer.from(`${GET}\r\n${GET}\r\n`))).toBeUndefined()
})

const piece = fc.constantFrom(
  ...[
    'CONNECT ',
    'a.example:443',
    '[::1]:80',
    ' HTTP/1.1',
    ' HTTP/1.0',
    '\r\n',
    '\r',
    '\n',
    '\r\n\r\n',
    ' ',
    '\t',
  ],
  ...[
    'Host: a',
    'host: b',
    'X-A:b',
    'X-A: b',
    ': ',
    ':',
    'Content-Length: 3',
    'Transfer-Encoding: chunked',
    '\0',
  ],
  ...['Connection: close', 'Via: 1.1 x', '\xff', 'Upgrade: h2c', 'abc'],
)
const junk = fc.array(piece, { maxLength: 4 }).map((pieces) => pieces.join(''))
const text = fc
  .tuple(
    junk,
    fc.array(fc.constantFrom('X-A: b\r\n', 'Via: 1.1 x\r\n', 'Accept: */*\r\n'), { maxLength: 2 }),
    junk,
  )
  .chain(([before, fields, after]) =>
    fc.constantFrom(
      `${LINE}${HOST}${fields.join('')}\r\n${after}`,
      `${LINE}${HOST}${before}${fields.join('')}\r\n${after}`,
      `CONNECT ${before}a.example:443${after} HTTP/1.1\r\n${HOST}\r\n`,
      `${before}${LINE}${after}\r\n\r\n`,
    ),
  )

test('whatever is read here, the strict parser of Node reads the same', async () => {
  let wasRead = 0
  await fc.assert(
    fc.asyncProperty(text, async (one) => {
      const plain = read(one)
      if (plain === undefined) return
      wasRead += 1
      const { request, head } = await readByNode(one)
      const { method, url, headers, rawHeaders, httpVersion } = request
      expect(plain.request).toEqual({
        ...{ method, url, headers: { ...headers }, rawHeaders, httpVersion },
        isLast: headers.connection === 'close',
      })
      expect(plain.head).toEqual(head)
    }),
    { numRuns: 500 },
  )
  expect(wasRead).toBeGreaterThan(50)
})

function readByNode(one: string): Promise<{ request: IncomingMessage; head: Buffer }> {
  return new Promise((resolve, reject) => {
    const server = createServer({ requireHostHeader: false })
    server.on('connect', (request, socket, head) => {
      socket.destroy()
      resolve({ request, head })
    })
    server.on('clientError', reject)
    const [near, far] = duplexPair()
    server.emit('connection', near)
    far.write(Buffer.from(one, 'latin1'))
  })
}
