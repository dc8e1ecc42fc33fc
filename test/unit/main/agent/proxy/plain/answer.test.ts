import { request as httpRequest, type IncomingMessage } from 'node:http'
import { duplexPair } from 'node:stream'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readPlainAnswer } from '../../../../../../src/main/agent/proxy/plain/answer.ts'

const OK = 'HTTP/1.1 200 OK\r\n'
const TWO = 'Content-Length: 2\r\n'

function read(text: string, isHead = false): ReturnType<typeof readPlainAnswer> {
  return readPlainAnswer(Buffer.from(text, 'latin1'), isHead, 'us')
}

test('what belongs to one connection is taken away, and Via is added', () => {
  const text = `${OK}Set-Cookie: a\r\nKeep-Alive: timeout=5\r\nConnection: Keep-Alive\r\nSet-Cookie: b\r\n${TWO}Proxy-Authenticate: Basic\r\n\r\nok`
  expect(read(text)).toEqual({
    head: `${OK}Set-Cookie: a\r\nSet-Cookie: b\r\n${TWO}Via: 1.1 us\r\n`,
    bodyAt: text.length - 2,
    length: 2,
    isKept: true,
  })
})

test('a host that closes is not asked again', () => {
  expect(read(`${OK}${TWO}Connection: close\r\n\r\n`)?.isKept).toBe(false)
})

test.each([
  ['an answer to HEAD', `${OK}${TWO}\r\n`, true],
  ['an answer to HEAD without a length', `${OK}\r\n`, true],
  ['304 with the length of what it is about', `HTTP/1.1 304 Not Modified\r\n${TWO}\r\n`, false],
])('%s has no body', (_, text, isHead) => {
  expect(read(text, isHead)?.length).toBe(0)
})

test.each([
  ['a part of a head', `${OK}${TWO}\r`],
  ['no length', `${OK}\r\n`],
  ['two lengths', `${OK}${TWO}${TWO}\r\nok`],
  ['a length with a sign', `${OK}Content-Length: +2\r\n\r\nok`],
  ['a list of lengths', `${OK}Content-Length: 2, 2\r\n\r\nok`],
  ['a hexadecimal length', `${OK}Content-Length: 0x2\r\n\r\nok`],
  ['a coding', `${OK}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
  ['a length and a coding', `${OK}${TWO}Transfer-Encoding: chunked\r\n\r\nok`],
  ['trailers', `${OK}${TWO}Trailer: X-A\r\n\r\nok`],
  ['an interim status', `HTTP/1.1 103 Early Hints\r\n${TWO}\r\n`],
  ['a change of protocol', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n'],
  ['an offer to upgrade', `${OK}${TWO}Upgrade: h2c\r\n\r\nok`],
  ['no content', 'HTTP/1.1 204 No Content\r\n\r\n'],
  ['HTTP/1.0', `HTTP/1.0 200 OK\r\n${TWO}\r\nok`],
  ['no reason', `HTTP/1.1 200\r\n${TWO}\r\nok`],
  ['a status out of range', `HTTP/1.1 600 Odd\r\n${TWO}\r\nok`],
  ['headers that Connection names', `${OK}${TWO}Connection: X-A\r\nX-A: b\r\n\r\nok`],
  ['two of Connection', `${OK}${TWO}Connection: keep-alive\r\nConnection: close\r\n\r\nok`],
  ['a space before the colon', `${OK}Content-Length : 2\r\n\r\nok`],
  ['a folded header', `${OK}${TWO}X-A: b\r\n c\r\n\r\nok`],
  ['a bare LF', `${OK}${TWO}X-A: b\nX-B: c\r\n\r\nok`],
  ['a bare CR', `${OK}${TWO}X-A: b\rX-B: c\r\n\r\nok`],
  ['a NUL', `${OK}${TWO}X-A: b\0\r\n\r\nok`],
  ['letters beyond ASCII', `${OK}${TWO}X-A: \xe9\r\n\r\nok`],
  ['another protocol', 'SSH-2.0-x\r\n\r\n'],
])('%s is left to the parser of undici', (_, text) => {
  expect(read(text)).toBeUndefined()
})

const piece = fc.constantFrom(
  ...[
    'HTTP/1.1 200 OK',
    'HTTP/1.1 304 Not Modified',
    '\r\n',
    '\r',
    '\n',
    '\r\n\r\n',
    ' ',
    '\t',
    '\0',
    ': ',
    ':',
  ],
  ...[
    'Content-Length: 2',
    'content-length: 3',
    'Content-Length:2',
    'Transfer-Encoding: chunked',
    'X-A: b',
    'X-A:b',
  ],
  ...['Connection: close', 'Connection: keep-alive', 'Upgrade: h2c', 'Trailer: a', '\xff', 'ok'],
)
const junk = fc.array(piece, { maxLength: 4 }).map((pieces) => pieces.join(''))
const fields = fc
  .array(fc.constantFrom('X-A: b\r\n', 'Set-Cookie: a=b\r\n', 'Connection: close\r\n', TWO), { maxLength: 3 })
  .map((lines) => lines.join(''))
const text = fc
  .tuple(junk, fields, junk)
  .chain(([before, lines, after]) =>
    fc.constantFrom(
      `${OK}${TWO}${lines}\r\nok${after}`,
      `${OK}${lines}${before}\r\n\r\nok`,
      `${OK}${before}${TWO}${lines}\r\nok${after}`,
      `${before}${OK}${TWO}${after}\r\nok`,
    ),
  )

test('whatever is read here, the strict parser of Node reads the same', async () => {
  let wasRead = 0
  await fc.assert(
    fc.asyncProperty(text, async (one) => {
      const plain = read(one)
      if (plain === undefined) return
      wasRead += 1
      const bytes = Buffer.from(one, 'latin1')
      // What comes behind the body is a fault of its own.
      const end = plain.bodyAt + plain.length
      if (bytes.length < end) return
      const { answer, body } = await readByNode(bytes.subarray(0, end))
      expect(plain.head).toMatch(new RegExp(`^HTTP/1\\.1 ${answer.statusCode} `))
      const kept = answer.rawHeaders.filter((_name, index) => {
        const name = answer.rawHeaders[index - (index % 2)]
        return name?.toLowerCase() !== 'connection'
      })
      const passed = plain.head
        .split('\r\n')
        .slice(1, -2)
        .flatMap((line) => line.split(/: (.*)/, 2))
      expect(passed).toEqual(kept)
      expect(bytes.toString('latin1', plain.bodyAt, end)).toBe(body)
    }),
    { numRuns: 500 },
  )
  expect(wasRead).toBeGreaterThan(50)
})

function readByNode(bytes: Buffer): Promise<{ answer: IncomingMessage; body: string }> {
  return new Promise((resolve, reject) => {
    const [near, far] = duplexPair()
    const request = httpRequest({ createConnection: () => near, headers: { connection: 'keep-alive' } })
    request.on('error', reject)
    request.on('response', (answer) => {
      const pieces: Buffer[] = []
      answer.on('data', (piece: Buffer) => pieces.push(piece)).on('error', reject)
      answer.on('end', () => resolve({ answer, body: Buffer.concat(pieces).toString('latin1') }))
    })
    request.end()
    far.write(bytes)
  })
}
