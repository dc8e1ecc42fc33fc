import fc from 'fast-check'

/** The host of all of them; to be replaced by a name of the same length. */
export const SITE = 's000000.test'

/** What a client sends, byte for byte, and what the host says to it. */
export interface Exchange {
  readonly request: { readonly text: string; readonly isHead: boolean }
  readonly answer: { readonly pieces: readonly string[]; readonly ends: boolean }
}

const field = (...lines: readonly string[]) => fc.constantFrom(...lines)

const PLAIN_REQUEST_FIELDS = field(
  'Accept: text/html',
  'X-A: 1',
  'Cookie: a=b; c=d',
  'Connection: keep-alive',
)
const ODD_REQUEST_FIELDS = field(
  ...[
    'Connection: close',
    'Connection: X-A, close',
    'Connection: Keep-Alive',
    'Proxy-Connection: X-A\r\nX-A: 1',
  ],
  ...['X-A:  2 ', 'X-A:3', 'X-A:', 'X_A: 4', 'X-A: a\tb', 'X-A: \xe9', 'X-A : 5', ' folded', 'Host: other'],
  ...[
    'Content-Length: 0',
    'Via: 1.1 there',
    'Authorization: Basic x',
    'Authorization: NTLM x',
    'TE: trailers',
  ],
  ...['Keep-Alive: 3', 'Upgrade: x', 'Trailer: X-A', 'constructor: x', '__proto__: x', 'HTTP2-Settings: x'],
  ...['Proxy-Authorization: Basic x', 'Range: bytes=0-', 'Expect: 100-continue', 'X-A: \x01', 'X\x00A: 1'],
)
const URLS = [
  ...[`http://${SITE}/`, `http://${SITE}/a?b=c`, `http://${SITE}/"\\|^{}<>`, `http://${SITE}/%zz`],
  ...[`http://${SITE}`, `http://${SITE}?x`, `http://${SITE}:80/`, `HTTP://${SITE}/`, `http://${SITE}/#f`],
  ...[
    `http://u@${SITE}/`,
    `http://${SITE}:0/`,
    `http://${SITE}:/`,
    `http://${SITE}/\xe9`,
    `http://${SITE}/ /`,
  ],
  ...['http:///', `http://${SITE}\\x/`, `http://${SITE}"/`, `http://${SITE};x/`, 'http://a_b.test/'],
  ...[`http://${SITE.toUpperCase()}/`, `http://${SITE}./`, 'http://[::2]/', 'http://[::2/', 'http://0x7f.1/'],
]

const PLAIN_REQUESTS = fc
  .record({
    method: fc.constantFrom('GET', 'GET', 'HEAD'),
    fields: fc.array(PLAIN_REQUEST_FIELDS, { maxLength: 2 }),
  })
  .map(({ method, fields }) => ({
    text: `${[`${method} http://${SITE}/ HTTP/1.1`, `Host: ${SITE}`, ...fields].join('\r\n')}\r\n\r\n`,
    isHead: method === 'HEAD',
  }))

const ODD_REQUESTS = fc
  .record({
    method: fc.constantFrom('GET', 'GET', 'GET', 'HEAD', 'OPTIONS', 'get'),
    url: fc.oneof({ weight: 3, arbitrary: fc.constant(URLS[0]) }, fc.constantFrom(...URLS)),
    version: fc.oneof({ weight: 9, arbitrary: fc.constant('1.1') }, fc.constantFrom('1.0', '1.2', '01.1')),
    host: fc.oneof({ weight: 9, arbitrary: fc.constant([`Host: ${SITE}`]) }, fc.constant([])),
    fields: fc.array(fc.oneof({ weight: 2, arbitrary: PLAIN_REQUEST_FIELDS }, ODD_REQUEST_FIELDS), {
      maxLength: 4,
    }),
    lineEnd: fc.oneof({ weight: 20, arbitrary: fc.constant('\r\n') }, fc.constant('\n')),
  })
  .map(({ method, url, version, host, fields, lineEnd }) => ({
    text: `${[`${method} ${url} HTTP/${version}`, ...host, ...fields].join(lineEnd)}${lineEnd}\r\n`,
    isHead: method === 'HEAD',
  }))

const BODILESS = ['1.1 204 No Content', '1.1 205 Reset', '1.1 304 Same']
const STATUS_LINES = [
  ...[
    '1.1 200 OK',
    '1.1 200 ',
    '1.1 200',
    '1.0 200 OK',
    '1.1 204 No Content',
    '1.1 205 Reset',
    '1.1 304 Same',
  ],
  ...['1.1 404 Not Found', '1.1 206 Part', '1.1 999 Odd', '1.1 600 Odd', '1.1 200 O\x01K', '1.1  200 OK'],
  ...['1.1 2000 OK', '2 200 OK', '1.1 200 \xe9', '1.1 100 Continue', '1.1 101 Switching', '1.1 099 Odd'],
]
const INTERIM = ['HTTP/1.1 100 Continue\r\n\r\n', 'HTTP/1.1 103 Hints\r\nLink: </a>\r\n\r\n']
const PLAIN_ANSWER_FIELDS = field('Content-Type: text/plain', 'Set-Cookie: a=b', 'Connection: keep-alive')
const ODD_ANSWER_FIELDS = field(
  ...[
    'Connection: close',
    'Connection: X-A\r\nX-A: 1',
    'Connection: X-A, close',
    'Proxy-Connection: X-A\r\nX-A: 1',
    'X-A: 1',
  ],
  ...['Keep-Alive: timeout=5', 'X-A: \xe9', 'X-A:', 'X-A:  2 ', 'X_A: 3', 'X-A: a\tb', 'X-A : 4', 'X A: 5'],
  ...['Trailer: X-A', 'Upgrade: h2c', 'Proxy-Authenticate: Basic', 'Via: 1.1 there', ' folded', 'X-A: \x01'],
  ...['Content-Encoding: gzip', 'Transfer-Encoding: gzip', 'TE: trailers', 'Date: now', 'no colon'],
)

/** How the end of a body is told, and whether that is all there is to it. */
const framings = (body: string) =>
  fc.constantFrom(
    ...Array.from({ length: 6 }, () => ({
      fields: [`Content-Length: ${body.length}`],
      text: body,
      isWhole: true,
    })),
    { fields: [`Content-Length: 00${body.length}`], text: body, isWhole: true },
    { fields: [`Content-Length: ${body.length}`], text: `${body}HTTP/1.1 200 Poison\r\n\r\n`, isWhole: true },
    { fields: [`Content-Length: ${body.length + 1}`], text: body, isWhole: false },
    { fields: [`Content-Length: +${body.length}`], text: body, isWhole: false },
    { fields: [`Content-Length: ${body.length}, ${body.length}`], text: body, isWhole: false },
    { fields: ['Content-Length: 1', 'Content-Length: 1'], text: 'x', isWhole: false },
    { fields: ['Content-Length: 99999999999999999999'], text: body, isWhole: false },
    { fields: [], text: body, isWhole: false },
    {
      fields: ['Transfer-Encoding: chunked'],
      text: `${body.length > 0 ? `${body.length.toString(16)}\r\n${body}\r\n` : ''}0\r\n\r\n`,
      isWhole: true,
    },
    { fields: ['Transfer-Encoding: chunked'], text: `4\r\nabc\r\n0\r\n\r\n`, isWhole: false },
    {
      fields: ['Content-Length: 3', 'Transfer-Encoding: chunked'],
      text: '3\r\nabc\r\n0\r\n\r\n',
      isWhole: false,
    },
  )

const ANSWERS = fc
  .record({
    interim: fc.oneof({ weight: 9, arbitrary: fc.constant('') }, fc.constantFrom(...INTERIM)),
    line: fc.oneof(
      fc.constant(STATUS_LINES[0]),
      fc.constantFrom(...BODILESS),
      fc.constantFrom(...STATUS_LINES),
    ),
    fields: fc.array(fc.oneof({ weight: 2, arbitrary: PLAIN_ANSWER_FIELDS }, ODD_ANSWER_FIELDS), {
      maxLength: 2,
    }),
    framing: fc.constantFrom('', 'hello', 'x'.repeat(9_000), 'y'.repeat(70_000)).chain(framings),
    cut: fc.oneof({ weight: 2, arbitrary: fc.constant(1) }, fc.double({ min: 0, max: 1, noNaN: true })),
    ends: fc.boolean(),
  })
  .map(({ interim, line, fields, framing, cut, ends }) => {
    const head = [`HTTP/${line}`, ...fields, ...framing.fields].join('\r\n')
    const text = `${interim}${head}\r\n\r\n${framing.text}`
    const at = Math.floor(cut * text.length)
    const isOdd = !/^1\.1 (?:200|404|206)\b/.test(line ?? '')
    return {
      pieces: [text.slice(0, at), text.slice(at)].filter((piece) => piece !== ''),
      ends: ends || isOdd || !framing.isWhole,
    }
  })

/** Conversations on one connection, most of them plain and nearly all odd somewhere. */
export const EXCHANGES: fc.Arbitrary<Exchange[]> = fc.array(
  fc.record({
    request: fc.oneof({ weight: 3, arbitrary: PLAIN_REQUESTS }, ODD_REQUESTS),
    answer: ANSWERS,
  }),
  { minLength: 1, maxLength: 4 },
)
