import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import { createSecureServer, type Http2Session } from 'node:http2'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { WebSocketServer } from 'ws'
import { CHROMIUM } from '../../../support/electron/chromium.ts'
import { startAuthority } from '../../../support/make-certificates.ts'
import { proxyWays, WAYS } from '../../../support/proxy-ways.ts'
import { startProxy } from '../../../support/start-proxy.ts'

const startProxyBy = proxyWays()
const FILE = randomBytes(2_000_000)
const closers: (() => unknown)[] = []
/** Via of each request that has reached a host. */
let seen: string[] = []

/** In the clear, over TLS, and over TLS for whoever speaks HTTP/2. */
const SCHEMES = ['http', 'https', 'h2'] as const
type Scheme = (typeof SCHEMES)[number]
const PROTOCOLS: Readonly<Record<Scheme, string>> = { http: 'http/1.1', https: 'http/1.1', h2: 'h2' }

let browser: Browser
let origins: Readonly<Record<Scheme, string>>

beforeAll(async () => {
  const authority = await startAuthority((close) => closers.push(close))
  const { cert, key } = await authority.make()
  const tls = { cert: await readFile(cert), key: await readFile(key) }
  origins = {
    http: `http://127.0.0.1:${await serve(createServer(handle))}`,
    https: `https://localhost:${await serve(createTlsServer(tls, handle))}`,
    h2: `https://localhost:${await serve(createSecureServer({ allowHTTP1: true, ...tls }, handle as never))}`,
  }
  const isRoot = process.getuid?.() === 0
  browser = await chromium.launch({
    ...(CHROMIUM === undefined ? {} : { executablePath: CHROMIUM }),
    args: ['--disable-gpu', '--disable-dev-shm-usage', ...(isRoot ? ['--no-sandbox'] : [])],
  })
})
afterAll(async () => {
  await browser.close()
  for (const close of closers) await close()
})

type WebServer =
  | ReturnType<typeof createServer>
  | ReturnType<typeof createTlsServer>
  | ReturnType<typeof createSecureServer>

async function serve(server: WebServer): Promise<number> {
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: true })
  server.on('upgrade', (request, socket, head) =>
    sockets.handleUpgrade(request, socket, head, (opened) =>
      opened.on('message', (data) => opened.send(String(data).toUpperCase())),
    ),
  )
  const sessions = new Set<Http2Session>()
  server.on('session', (session: Http2Session) => sessions.add(session))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closers.push(() => {
    for (const client of sockets.clients) client.terminate()
    for (const session of sessions) session.destroy()
    if ('closeAllConnections' in server) server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

const handle: RequestListener = (request, response) => {
  seen.push(String(request.headers.via))
  if (request.url === '/file') {
    response.writeHead(200, {
      'content-disposition': 'attachment; filename=a.bin',
      'content-length': FILE.length,
    })
    response.end(FILE)
  } else if (request.url === '/events') {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    let count = 0
    const timer = setInterval(() => {
      count += 1
      response.write(`data: ${count}\n\n`)
    }, 20)
    response.once('close', () => clearInterval(timer))
  } else if (request.url === '/upload') {
    const hash = createHash('sha256')
    request.on('data', (data: Buffer) => hash.update(data)).on('end', () => response.end(hash.digest('hex')))
  } else {
    response.setHeader('set-cookie', ['one=1', 'two=2'])
    response.writeHead(200, { 'content-type': 'text/html', 'x-kept': 'yes' })
    response.end('<title>A page</title><h1>Hello</h1>')
  }
}

async function openContext(proxy?: { readonly url: string }): Promise<BrowserContext> {
  const context = await browser.newContext({
    acceptDownloads: true,
    ignoreHTTPSErrors: true,
    // Chromium goes to loopback by itself unless it is told otherwise.
    ...(proxy === undefined ? {} : { proxy: { server: proxy.url, bypass: '<-loopback>' } }),
  })
  onTestFinished(() => context.close())
  context.setDefaultTimeout(15_000)
  return context
}

const EVENTS = `new Promise((resolve) => {
  const all = []
  const source = new EventSource('/events')
  source.onmessage = ({ data }) => {
    all.push(data)
    if (all.length === 5) { source.close(); resolve(all) }
  }
})`
const SOCKET = `new Promise((resolve, reject) => {
  const socket = new WebSocket(location.origin.replace('http', 'ws'))
  socket.onopen = () => socket.send('x'.repeat(100000))
  socket.onmessage = ({ data }) => { socket.close(); resolve([data.length, data[0], socket.extensions]) }
  socket.onerror = () => reject(new Error('no socket'))
})`
const UPLOAD = `fetch('/upload', { method: 'POST', body: new Uint8Array(1000000) }).then((answer) => answer.text())`
const PROTOCOL = `performance.getEntriesByType('navigation')[0].nextHopProtocol`

/** All that a page of the host shows and does; `address` is where Chromium was connected to. */
async function visit(page: Page, origin: string) {
  const answer = await page.goto(`${origin}/`)
  if (answer === null) throw new Error('There was no answer.')
  const headers = await answer.headersArray()
  const report = {
    status: answer.status(),
    headers: headers.filter(({ name }) => !/^(?:via|date|connection|keep-alive)$/i.test(name)),
    html: await page.content(),
    title: await page.title(),
    protocol: await page.evaluate(PROTOCOL),
    cookie: await page.evaluate('document.cookie'),
    events: await page.evaluate(EVENTS),
    socket: await page.evaluate(SOCKET),
    upload: await page.evaluate(UPLOAD),
    download: await download(page),
  }
  return { report, address: await answer.serverAddr() }
}

async function download(page: Page): Promise<string> {
  const [{ path }] = await Promise.all([
    page.waitForEvent('download').then(async (file) => ({ path: await file.path() })),
    page.evaluate(`void (location.href = '/file')`),
  ])
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex')
}

const CASES = WAYS.flatMap((way) => SCHEMES.map((scheme) => [scheme, way] as const))

test.each(CASES)(
  'Chromium gets the same over %s by the proxy (%s) as without: page, events, sockets, uploads and downloads',
  async (scheme, way) => {
    const origin = origins[scheme]
    const direct = await visit(await (await openContext()).newPage(), origin)
    const proxy = await startProxyBy(way)
    seen = []
    const proxied = await visit(await (await openContext(proxy)).newPage(), origin)
    expect(proxied.report).toEqual(direct.report)
    expect(direct.report).toMatchObject({
      title: 'A page',
      protocol: PROTOCOLS[scheme],
      cookie: 'one=1; two=2',
      events: ['1', '2', '3', '4', '5'],
      socket: [100_000, 'X', 'permessage-deflate'],
      upload: createHash('sha256').update(Buffer.alloc(1_000_000)).digest('hex'),
      download: createHash('sha256').update(FILE).digest('hex'),
    })
    expect([direct.address?.port, proxied.address?.port]).toEqual([Number(new URL(origin).port), proxy.port])
    // Inside CONNECT nobody can add anything.
    const via = scheme === 'http' ? /^1\.1 sovereign-bridge-/ : /^undefined$/
    expect(seen.every((each) => via.test(each))).toBe(true)
  },
)

test('a page that cannot be had is a page that says why', async () => {
  const page = await (await openContext(await startProxy())).newPage()
  const answer = await page.goto('http://10.9.8.7/')
  expect(answer?.status()).toBe(403)
  expect(await page.locator('h1').textContent()).toContain('10.9.8.7')
  expect(await page.locator('body').textContent()).toContain('egress.denied')
})
