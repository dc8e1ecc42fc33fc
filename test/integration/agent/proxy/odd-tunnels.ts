import fc from 'fast-check'

/** Where a tunnel leads; each of them is refused, or answered, in another place. */
export const HOSTS = ['open.test', 'denied.test', 'closed.test', 'unknown.test', 'private.test'] as const

/** What the host does once it is connected. */
export const MANNERS = ['echoes', 'greets', 'ends first', 'answers the end', 'cuts'] as const

/** What a client does that asks for a tunnel. */
export interface TunnelCall {
  /** The head, byte for byte. */
  readonly head: string
  /** Right behind the head. */
  readonly early: string
  /** One after the other once the tunnel is open. */
  readonly late: readonly string[]
  readonly manner: (typeof MANNERS)[number]
  /** Whether there are requests on the connection before it. */
  readonly comesSecond: boolean
}

const FIELDS = [
  ...['User-Agent: x', 'Proxy-Connection: keep-alive', 'Connection: keep-alive', 'Connection: close'],
  ...['Proxy-Authorization: Basic x', 'Accept: text/html', 'Via: 1.1 there', 'Expect: 100-continue'],
]
const ODD_FIELDS = [
  ...['Content-Length: 0', 'Content-Length: 3', 'Transfer-Encoding: chunked', 'Host: other', 'X-A : 5'],
  ...[' folded', 'X-A: \x01', 'Connection: Upgrade\r\nUpgrade: x', 'TE: trailers', 'Trailer: X-A'],
  ...['Content-Length: 0\r\nContent-Length: 0', 'Content-Length: x', 'no colon', 'X-A: \xe9', 'X-A:1'],
]
const ODD_TARGETS = [
  ...['open.test', 'open.test:', 'open.test:0', 'open.test:65536', 'open.test:443/', 'u@open.test:443'],
  ...[
    'http://open.test:443',
    'http://open.test/',
    '/',
    '*',
    ':443',
    '[::2]:443',
    '[::2:443',
    'OPEN.TEST:443',
  ],
  ...['open.test.:443', '0x7f.1:443', 'a b:443', 'open.test:25', 'denied.test:25', 'open_.test:443'],
  ...['open.test:+443', 'open.test:00443', 'öpen.test:443', 'open.test:443?x', 'open.test:443#x'],
]
const EARLY = ['', '', 'early', '\x16\x03\x01\x00\x05hello', 'GET / HTTP/1.1\r\n\r\n', '\r\n', '\x00']
const LARGE = 'l'.repeat(70_000)

const mostly = <T>(usual: fc.Arbitrary<T>, ...odd: readonly T[]): fc.Arbitrary<T> =>
  fc.oneof({ weight: 12, arbitrary: usual }, fc.constantFrom(...odd))

export const TUNNEL_CALLS: fc.Arbitrary<TunnelCall> = fc
  .record({
    method: mostly(fc.constant('CONNECT'), 'connect', 'CONNECTX'),
    target: mostly(
      fc.oneof(
        { weight: 3, arbitrary: fc.constant('open.test:443') },
        fc.constantFrom(...HOSTS.map((host) => `${host}:443`)),
      ),
      ...ODD_TARGETS,
    ),
    version: mostly(fc.constant('1.1'), '1.0', '1.2', '2.0'),
    host: mostly<readonly string[]>(fc.constant(['Host: open.test:443']), [], ['Host:']),
    fields: fc.array(mostly(fc.constantFrom(...FIELDS), ...ODD_FIELDS), { maxLength: 3 }),
    lineEnd: mostly(fc.constant('\r\n'), '\r\n', '\r\n', '\n'),
    early: fc.constantFrom(...EARLY, LARGE),
    late: fc.array(fc.constantFrom('late', '\r\n\r\n', '\x00\xff', LARGE), { maxLength: 3 }),
    manner: fc.constantFrom(...MANNERS),
    comesSecond: mostly(fc.constant(false), true, true),
  })
  .map(({ method, target, version, host, fields, lineEnd, ...rest }) => ({
    head: `${[`${method} ${target} HTTP/${version}`, ...host, ...fields].join(lineEnd)}${lineEnd}\r\n`,
    ...rest,
  }))
