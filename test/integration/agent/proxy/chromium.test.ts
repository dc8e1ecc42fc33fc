import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocketServer } from 'ws'
import { CHROMIUM } from '../../../support/electron/chromium.ts'
import { startAuthority } from '../../../support/make-certificates.ts'
import { startProxy } from '../../../support/start-proxy.ts'

const FILE = randomBytes(2_000_000)
const closers: (() => unknown)[] = []
const seen: string[] = []

let browser: Browser
let origins: { http: string; https: string }

beforeAll(async () => {
  const authority = await startAuthority((close) => closers.push(close))
  const { cert, key } = await authority.make()
  origins = {
    http: `http://127.0.0.1:${await serve(createServer(handle))}`,
    https: `https://localhost:${await serve(
      createTlsServer({ cert: await readFile(cert), key: await readFile(key) }, handle),
    )}`,
  }
  const proxy = await startProxy({ teardown: (close) => closers.push(close) })
  const isRoot = process.getuid?.() === 0
  browser = await chromium.launch({
    ...(CHROMIUM === undefined ? {} : { executablePath: CHROMIUM }),
    args: [
      ...['--disable-gpu', '--disable-dev-shm-usage', ...(isRoot ? ['--no-sandbox'] : [])],
      ...[`--proxy-server=${proxy.url}`, '--proxy-bypass-list=<-loopback>', '--ignore-certificate-errors'],
    ],
  })
})
afterAll(async () => {
  await browser.close()
  for (const close of closers) await close()
})

async function serve(server: Server): Promise<number> {
  const sockets = new WebSocketServer({ server, perMessageDeflate: true })
  sockets.on('connection', (socket) =>
    socket.on('message', (data) => socket.send(String(data).toUpperCase())),
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closers.push(() => {
    for (const client of sockets.clients) client.terminate()
    server.closeAllConnections()
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
  } else response.writeHead(200, { 'content-type': 'text/html' }).end('<title>A page</title><h1>Hello</h1>')
}

async function openPage(origin: string): Promise<Page> {
  const page = await browser.newPage({ acceptDownloads: true, ignoreHTTPSErrors: true })
  page.setDefaultTimeout(15_000)
  await page.goto(`${origin}/`)
  return page
}

test.each(['http', 'https'] as const)(
  'Chromium shows a page of %s, its events, sockets, uploads and downloads',
  async (scheme) => {
    const origin = origins[scheme]
    const page = await openPage(origin)
    expect(await page.title()).toBe('A page')
    const events = await page.evaluate(`new Promise((resolve) => {
    const all = []
    const source = new EventSource('/events')
    source.onmessage = ({ data }) => {
      all.push(data)
      if (all.length === 5) { source.close(); resolve(all) }
    }
  })`)
    expect(events).toEqual(['1', '2', '3', '4', '5'])
    const answer = await page.evaluate(`new Promise((resolve, reject) => {
    const socket = new WebSocket(location.origin.replace('http', 'ws'))
    socket.onopen = () => socket.send('x'.repeat(100000))
    socket.onmessage = ({ data }) => { socket.close(); resolve([data.length, data[0], socket.extensions]) }
    socket.onerror = () => reject(new Error('no socket'))
  })`)
    expect(answer).toEqual([100_000, 'X', 'permessage-deflate'])
    const digest = await page.evaluate(
      `fetch('/upload', { method: 'POST', body: new Uint8Array(1000000) }).then((r) => r.text())`,
    )
    expect(digest).toBe(createHash('sha256').update(Buffer.alloc(1_000_000)).digest('hex'))
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.evaluate(`void (location.href = '/file')`),
    ])
    expect((await readFile(await download.path())).equals(FILE)).toBe(true)
    if (scheme === 'http') expect(seen.every((via) => via.startsWith('1.1 sovereign-bridge-'))).toBe(true)
    else expect(seen.includes('undefined')).toBe(true)
    await page.close()
  },
)

test('a page that cannot be had is a page that says why', async () => {
  const page = await browser.newPage()
  const answer = await page.goto('http://10.9.8.7/')
  expect(answer?.status()).toBe(403)
  expect(await page.locator('h1').textContent()).toContain('10.9.8.7')
  expect(await page.locator('body').textContent()).toContain('egress.denied')
  await page.close()
})
