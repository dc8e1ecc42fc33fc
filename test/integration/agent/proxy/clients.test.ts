import { execFile } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { Agent, type Dispatcher, ProxyAgent, request as undiciRequest } from 'undici'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { type Authority, startAuthority } from '../../../support/make-certificates.ts'
import { proxyWays, WAYS } from '../../../support/proxy-ways.ts'

const run = promisify(execFile)
const FILE = randomBytes(3_000_000)

const startProxyBy = proxyWays()

let authority: Authority
let removeAuthority: () => Promise<void>

beforeAll(async () => {
  authority = await startAuthority((close) => {
    removeAuthority = close
  })
})
afterAll(() => removeAuthority())

/** A host with a file in ranges, an upload that is answered with its digest, and an echo of what arrived. */
const handle: RequestListener = (request, response) => {
  if (request.url?.startsWith('/upload')) {
    const hash = createHash('sha256')
    let bytes = 0
    request.on('data', (data: Buffer) => {
      hash.update(data)
      bytes += data.length
    })
    request.on('end', () => response.end(`${request.method} ${bytes} ${hash.digest('hex')}`))
  } else if (request.url?.startsWith('/slow')) stream(response)
  else if (request.url?.startsWith('/refuse')) response.writeHead(401, { 'content-length': 4 }).end('who?')
  else sendFile(request, response)
}

function sendFile({ headers }: IncomingMessage, response: ServerResponse): void {
  const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '') ?? []
  const start = from === undefined ? 0 : Number(from)
  const part = FILE.subarray(start, to === undefined ? undefined : Number(to) + 1)
  response.writeHead(from === undefined ? 200 : 206, {
    'content-length': part.length,
    etag: '"fixed"',
    'x-user-agent': String(headers['user-agent']),
    ...(from === undefined ? {} : { 'content-range': `bytes ${from}-${to}/${FILE.length}` }),
  })
  response.end(part)
}

function stream(response: ServerResponse): void {
  let left = 5
  const timer = setInterval(() => {
    response.write(`piece ${left}\n`)
    left -= 1
    if (left > 0) return
    clearInterval(timer)
    response.end()
  }, 10)
}

async function startHosts(): Promise<{ http: string; https: string }> {
  const { cert, key } = await authority.make()
  const plain = createServer(handle).listen(0, '127.0.0.1')
  const secure = createTlsServer({ cert: await readFile(cert), key: await readFile(key) }, handle)
  secure.listen(0, '127.0.0.1')
  for (const server of [plain, secure]) {
    if (!server.listening) await once(server, 'listening')
    onTestFinished(() => {
      server.closeAllConnections()
      server.close()
    })
  }
  const portOf = (server: { address(): unknown }): number => (server.address() as AddressInfo).port
  return { http: `http://127.0.0.1:${portOf(plain)}`, https: `https://localhost:${portOf(secure)}` }
}

/** What curl got: the head without what each connection has of its own, and the body. */
async function curl(args: readonly string[]): Promise<{ head: string; body: string }> {
  const { stdout } = await run(
    'curl',
    [
      '--silent',
      '--show-error',
      '--include',
      '--suppress-connect-headers',
      '--max-time',
      '20',
      '--cacert',
      authority.ca,
      ...args,
    ],
    { encoding: 'latin1', maxBuffer: 16 * 1024 * 1024, env: {} },
  )
  const text = stdout
    .replace(/^(?:HTTP\/1\.1 1\d\d .*\r\n(?:.+\r\n)*\r\n)+/, '')
    // Of each head, should there be several.
    .replace(/^(?:via|connection|keep-alive|date):.*\r\n/gim, '')
  const end = text.indexOf('\r\n\r\n')
  const head = text.slice(0, end)
  return {
    head: head.trim(),
    body: createHash('sha256')
      .update(text.slice(end + 4), 'latin1')
      .digest('hex'),
  }
}

const CURL_CASES: readonly (readonly [string, readonly string[]])[] = [
  ['a download', ['URL/file']],
  ['a range', ['--range', '1000-70000', 'URL/file']],
  ['a head', ['--head', 'URL/file']],
  ['an answer that streams', ['URL/slow']],
  ['a form', ['--data', 'a=b&c=d', 'URL/upload']],
  ['an upload of known length', ['--data-binary', '@package-lock.json', '-H', 'Expect:', 'URL/upload']],
  [
    'an upload that is asked for first',
    ['--upload-file', 'package-lock.json', '-H', 'Expect: 100-continue', 'URL/upload'],
  ],
  [
    'an upload in chunks',
    ['--upload-file', 'package-lock.json', '-H', 'Transfer-Encoding: chunked', 'URL/upload'],
  ],
  [
    'an upload that is refused first',
    ['--upload-file', 'package-lock.json', '-H', 'Expect: 100-continue', 'URL/refuse'],
  ],
  ['two requests on one connection', ['URL/slow', 'URL/slow']],
  ['HTTP/1.0', ['--http1.0', '--no-alpn', 'URL/file']],
]

const CURL_BY_WAY = WAYS.flatMap((way) => CURL_CASES.map(([what, args]) => [way, what, args] as const))

test.each(CURL_BY_WAY)('curl gets the same by the proxy (%s) as without: %s', async (out, _what, args) => {
  const hosts = await startHosts()
  const { url } = await startProxyBy(out)
  for (const [host, ways] of [
    [
      hosts.http,
      [
        ['--proxy', url],
        ['--proxytunnel', '--proxy', url],
      ],
    ],
    [hosts.https, [['--proxy', url]]],
  ] as const) {
    const asked = args.map((argument) => argument.replace('URL', host))
    const direct = await curl(['--noproxy', '*', ...asked])
    expect(direct.head).toMatch(/^HTTP\/1\.[01] (?:200|206|401)/)
    for (const way of ways) expect(await curl([...way, ...asked])).toEqual(direct)
  }
})

interface Got {
  readonly status: number
  /** Without what each connection has of its own. */
  readonly headers: Readonly<Record<string, unknown>>
  /** Digest. */
  readonly body: string
  readonly trailers: Readonly<Record<string, unknown>>
}

async function ask(url: string, options: Parameters<typeof undiciRequest>[1]): Promise<Got> {
  const { statusCode, headers, body, trailers } = await undiciRequest(url, options)
  const { via: _via, connection: _connection, 'keep-alive': _keepAlive, date: _date, ...kept } = headers
  const hash = createHash('sha256')
  for await (const piece of body) hash.update(piece as Buffer)
  return { status: statusCode, headers: kept, body: hash.digest('hex'), trailers }
}

/** All at the same time, as programs do. */
function askAll(host: string, dispatcher: Dispatcher): Promise<Got[]> {
  return Promise.all([
    ask(`${host}/file`, { dispatcher }),
    ask(`${host}/file`, { dispatcher, headers: { range: 'bytes=1000-70000' } }),
    ask(`${host}/file`, { dispatcher, method: 'HEAD' }),
    ask(`${host}/slow`, { dispatcher }),
    ask(`${host}/refuse`, { dispatcher }),
    ask(`${host}/upload`, { dispatcher, method: 'POST', body: FILE }),
    ask(`${host}/upload`, { dispatcher, method: 'PUT', body: Readable.from([FILE, FILE]) }),
  ])
}

const UNDICI_CASES = WAYS.flatMap((way) =>
  (
    [
      ['http', 'by URL', false],
      ['http', 'by tunnel', true],
      ['https', 'by tunnel', true],
    ] as const
  ).map(([scheme, how, proxyTunnel]) => [scheme, how, way, proxyTunnel] as const),
)

test.each(UNDICI_CASES)(
  'undici gets the same from a host of %s through its ProxyAgent, %s (%s), as without',
  async (scheme, _how, way, proxyTunnel) => {
    const host = (await startHosts())[scheme]
    const ca = await authority.caText()
    const straight = new Agent({ connect: { ca } })
    onTestFinished(() => straight.destroy())
    const direct = await askAll(host, straight)
    const { url } = await startProxyBy(way)
    const proxied = new ProxyAgent({ uri: url, proxyTunnel, requestTls: { ca } })
    onTestFinished(() => proxied.destroy())
    expect(await askAll(host, proxied)).toEqual(direct)
    expect(direct.map(({ status }) => status)).toEqual([200, 206, 200, 200, 401, 200, 200])
    expect(direct[0]?.body).toBe(createHash('sha256').update(FILE).digest('hex'))
    const digest = createHash('sha256').update(FILE).digest('hex')
    const told = createHash('sha256').update(`POST ${FILE.length} ${digest}`)
    expect(direct[5]?.body).toBe(told.digest('hex'))
  },
)
