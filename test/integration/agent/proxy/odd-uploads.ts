import fc from 'fast-check'

/** The host of all of them; to be replaced by a name of the same length. */
export const SITE = 's000000.test'

export interface Upload {
  readonly head: string
  readonly body: string
  readonly isHead: boolean
  readonly answer: {
    /** Said as soon as the head is there. */
    readonly interim: string
    /** Whether the rest is said as soon as the head is there, too. */
    readonly isEarly: boolean
    readonly text: string
    readonly ends: boolean
  }
  /** How a connection goes on after this may depend on which byte came first. */
  readonly isLast: boolean
}

interface Framing {
  readonly fields: readonly string[]
  readonly body: string
  readonly isBroken?: boolean
}

const LARGE = 'u'.repeat(70_000)
const CHUNKED = 'Transfer-Encoding: chunked'

const FRAMINGS: readonly Framing[] = [
  { fields: ['Content-Length: 5'], body: 'hello' },
  { fields: ['content-length:  005 '], body: 'hello' },
  { fields: ['Content-Length: 0'], body: '' },
  { fields: [`Content-Length: ${LARGE.length}`], body: LARGE },
  { fields: ['Content-Length: 18'], body: 'GET / HTTP/1.1\r\n\r\n' },
  { fields: [CHUNKED], body: '5\r\nhello\r\n0\r\n\r\n' },
  { fields: ['transfer-encoding: Chunked'], body: '00A;x=y\r\n0123456789\r\n1\r\n\n\r\n000\r\n\r\n' },
  { fields: [CHUNKED], body: '0\r\n\r\n' },
  { fields: [CHUNKED, 'Trailer: X-A'], body: '1\r\nx\r\n0\r\nX-A: 1\r\nKeep-Alive: 3\r\n\r\n' },
  { fields: [CHUNKED], body: `${LARGE.length.toString(16)}\r\n${LARGE}\r\n0\r\n\r\n` },
  { fields: [], body: '' },
]
const BROKEN: readonly Framing[] = [
  { fields: ['Content-Length: 5', 'Content-Length: 5'], body: 'hello' },
  { fields: ['Content-Length: 5', CHUNKED], body: '5\r\nhello\r\n0\r\n\r\n' },
  { fields: [CHUNKED, CHUNKED], body: '0\r\n\r\n' },
  { fields: ['Content-Length: +5'], body: 'hello' },
  { fields: ['Transfer-Encoding: gzip, chunked'], body: '0\r\n\r\n' },
  { fields: ['Transfer-Encoding: gzip'], body: 'hello' },
  { fields: [CHUNKED], body: '5\r\nhello!\r\n0\r\n\r\n' },
  { fields: [CHUNKED], body: '5\nhello\n0\n\n' },
  { fields: [CHUNKED], body: 'x\r\nhello\r\n0\r\n\r\n' },
  { fields: [CHUNKED], body: '-5\r\nhello\r\n0\r\n\r\n' },
  { fields: [CHUNKED], body: 'fffffffffffffffff\r\nhello\r\n' },
  { fields: [CHUNKED], body: '0\r\nX-A : 1\r\n\r\n' },
].map((framing) => ({ ...framing, isBroken: true }))

const FIELDS = [
  ...['X-A: 1', 'Expect: 100-continue', 'Expect: 100-Continue', 'Expect: other', 'Connection: keep-alive'],
  ...['Connection: close', 'Connection: X-A', 'TE: trailers', 'Authorization: Basic x', 'Via: 1.1 there'],
  ...['Connection: Upgrade\r\nUpgrade: x', 'Max-Forwards: 0', 'Proxy-Connection: keep-alive'],
]
const ODD_FIELDS = ['X-A : 5', ' folded', 'Host: other', 'X-A: \x01', 'no colon', 'X-A: \xe9', 'X-A:']

const ANSWERS: readonly { readonly text: string; readonly ends?: boolean }[] = [
  { text: 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok' },
  { text: 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok' },
  { text: 'HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\nX-A: 1\r\n\r\nbig' },
  {
    text: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-A\r\n\r\n2\r\nok\r\n0\r\nX-A: 1\r\n\r\n',
  },
  { text: `HTTP/1.1 201 Created\r\nContent-Length: ${LARGE.length}\r\n\r\n${LARGE}` },
  { text: 'HTTP/1.1 204 No Content\r\nX-A: 1\r\n\r\n' },
  { text: 'HTTP/1.1 304 Same\r\nETag: "a"\r\n\r\n' },
  { text: 'HTTP/1.1 103 Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok' },
  { text: 'HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n' },
  { text: 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok', ends: true },
  { text: 'HTTP/1.1 200 OK\r\n\r\nuntil the end', ends: true },
  { text: 'HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok', ends: true },
  { text: 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nok', ends: true },
  { text: 'HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n', ends: true },
  { text: 'nonsense\r\n\r\n', ends: true },
  { text: '', ends: true },
]

const mostly = <T>(usual: fc.Arbitrary<T>, ...odd: readonly T[]): fc.Arbitrary<T> =>
  fc.oneof({ weight: 9, arbitrary: usual }, fc.constantFrom(...odd))

const UPLOADS: fc.Arbitrary<Upload> = fc
  .record({
    method: fc.constantFrom('POST', 'POST', 'PUT', 'PATCH', 'DELETE', 'GET', 'HEAD', 'OPTIONS'),
    host: mostly(fc.constant(SITE), 'denied.test', 'closed.test'),
    version: mostly(fc.constant('1.1'), '1.0'),
    fields: fc.array(mostly(fc.constantFrom(...FIELDS), ...ODD_FIELDS), { maxLength: 2 }),
    framing: mostly(fc.constantFrom(...FRAMINGS), ...BROKEN),
    interim: mostly(fc.constant(''), 'HTTP/1.1 100 Continue\r\n\r\n', 'HTTP/1.1 102 Processing\r\n\r\n'),
    isEarly: mostly(fc.constant(false), true, true, true),
    answer: fc.constantFrom(...ANSWERS),
  })
  .map(({ method, host, version, framing, interim, answer, ...rest }) => {
    const isBroken = framing.isBroken === true
    // Node does not tell of a body that breaks off behind an upgrade.
    const fields = rest.fields.filter((field) => !isBroken || !field.includes('Upgrade'))
    const isEarly = rest.isEarly && !isBroken
    const ends = answer.ends === true
    const expects = fields.some((field) => field.startsWith('Expect'))
    const site = isBroken && host === 'closed.test' ? SITE : host
    const lines = [`${method} http://${site}/ HTTP/${version}`, `Host: ${site}`, ...fields, ...framing.fields]
    return {
      head: `${lines.join('\r\n')}\r\n\r\n`,
      body: framing.body,
      isHead: method === 'HEAD',
      // What a host says to a body that breaks off may come before that, or be too late.
      answer: { interim: isBroken ? '' : interim, isEarly, text: answer.text, ends },
      isLast:
        isBroken ||
        site !== SITE ||
        ends ||
        (isEarly && expects) ||
        fields.includes('Expect: other') ||
        fields.includes('Max-Forwards: 0'),
    }
  })

/** Conversations on one connection, most of whose requests have a body. */
export const UPLOADS_IN_A_ROW: fc.Arbitrary<Upload[]> = fc
  .array(UPLOADS, { minLength: 1, maxLength: 4 })
  .map((uploads) => {
    const last = uploads.findIndex(({ isLast }) => isLast)
    return last < 0 ? uploads : uploads.slice(0, last + 1)
  })
