import { execFile } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { promisify } from 'node:util'
import { ProxyAgent, request as undiciRequest } from 'undici'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { type Authority, startAuthority } from '../../../support/make-certificates.ts'
import { type StartedProxy, startProxy } from '../../../support/start-proxy.ts'
import { startSshd } from '../../../support/start-sshd.ts'
import { tunnelFixture } from '../../../support/tunnel-fixture.ts'

const run = promisify(execFile)
const FILE = randomBytes(3_000_000)

/** Every way out, the tunnel in both formats. */
const WAYS = ['direct', 'h2', 'envelopes'] as const
type Way = (typeof WAYS)[number]

const tunnel = tunnelFixture()

async function startProxyBy(way: Way): Promise<StartedProxy> {
  if (way === 'direct') return startProxy()
  const { egress } = tunnel.makeAgent(await tunnel.startServer(), { protocol: way })
  return startProxy({ egress })
}

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

test.each(WAYS)('undici gets the same through its ProxyAgent (%s), by URL and by tunnel', async (way) => {
  const { http } = await startHosts()
  const { url } = await startProxyBy(way)
  for (const proxyTunnel of [true, false]) {
    const dispatcher = new ProxyAgent({ uri: url, proxyTunnel })
    onTestFinished(() => dispatcher.destroy())
    const [file, upload] = await Promise.all([
      undiciRequest(`${http}/file`, { dispatcher }),
      undiciRequest(`${http}/upload`, { dispatcher, method: 'POST', body: FILE }),
    ])
    expect(Buffer.from(await file.body.arrayBuffer()).equals(FILE)).toBe(true)
    const digest = createHash('sha256').update(FILE).digest('hex')
    expect(await upload.body.text()).toBe(`POST ${FILE.length} ${digest}`)
  }
})

test.each(WAYS)('OpenSSH reaches its server through a tunnel by ProxyCommand (%s)', async (way) => {
  const sshd = await startSshd({ teardown: onTestFinished })
  const { port } = await startProxyBy(way)
  // As "nc -X connect" does, which not every machine has.
  const program = `
    const socket = require('node:net').connect({ port: ${port}, host: '127.0.0.1', allowHalfOpen: true })
    socket.write('CONNECT ${sshd.host}:${sshd.port} HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n')
    let head = ''
    const onData = (data) => {
      head += data.toString('latin1')
      const end = head.indexOf('\\r\\n\\r\\n')
      if (end < 0) return
      socket.off('data', onData)
      process.stdout.write(Buffer.from(head.slice(end + 4), 'latin1'))
      socket.pipe(process.stdout)
      process.stdin.pipe(socket)
    }
    socket.on('data', onData)`
  const encoded = Buffer.from(program).toString('base64')
  const command = `${process.execPath} -e "eval(atob('${encoded}'))"`
  const { stdout } = await run('ssh', [
    ...['-F', 'none', '-p', String(sshd.port), '-i', sshd.clientKeyFile, '-l', sshd.userName],
    ...[
      '-o',
      `UserKnownHostsFile=${sshd.knownHostsFile}`,
      '-o',
      `ProxyCommand=${command}`,
      '-o',
      'BatchMode=yes',
    ],
    ...[sshd.host, 'echo through the tunnel; head -c 300000 /dev/zero | wc -c'],
  ])
  expect(stdout).toBe('through the tunnel\n300000\n')
})
