import { createHash } from 'node:crypto'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CHROMIUM } from '../../support/electron/chromium.ts'
import { startAuthority } from '../../support/make-certificates.ts'
import { startTunnelSetUp, type TunnelSetUp } from '../../support/start-tunnel-set-up.ts'
import { bytesOf, startWebHost, type WebHost } from '../../support/start-web-host.ts'

const MIB = 1024 * 1024

describe.skipIf(CHROMIUM === undefined).each([
  ['through the tunnel over HTTP/2', { protocol: 'h2' }],
  ['through the tunnel in envelopes', { protocol: 'envelopes' }],
] as const)('Chromium gets out %s', (_way, options) => {
  let host: WebHost
  let tunnel: TunnelSetUp
  let browser: Browser
  let page: Page
  const closers: (() => Promise<void>)[] = []

  beforeAll(async () => {
    const authority = await startAuthority((close) => closers.push(close))
    host = await startWebHost(authority)
    closers.push(() => host.close())
    tunnel = await startTunnelSetUp({ connectPorts: [host.securePort, host.plainPort], ...options })
    closers.push(() => tunnel.close())
    const isRoot = process.getuid?.() === 0
    browser = await chromium.launch({
      ...(CHROMIUM === undefined ? {} : { executablePath: CHROMIUM }),
      // Chromium goes to loopback by itself unless it is told otherwise.
      proxy: { server: tunnel.url, bypass: '<-loopback>' },
      args: ['--disable-gpu', '--disable-dev-shm-usage', ...(isRoot ? ['--no-sandbox'] : [])],
    })
    closers.push(() => browser.close())
    page = await (await browser.newContext({ ignoreHTTPSErrors: true })).newPage()
  }, 60_000)
  afterAll(async () => {
    for (const close of closers.reverse()) await close()
  })

  const urls = [
    ['http', () => host.plainUrl, 'http/1.1'],
    ['https', () => host.secureUrl, 'h2'],
  ] as const

  test.each(urls)('to a page by %s, with its own protocol inside', async (_scheme, url, protocol) => {
    await page.goto(`${url()}/`)
    await expect.poll(() => page.locator('p').textContent()).toBe('Here at last.')
    const timing = await page.evaluate("performance.getEntriesByType('navigation')[0].nextHopProtocol")
    expect(timing).toBe(protocol)
  })

  test.each(urls)('to events by %s, one by one while the answer goes on', async (_scheme, url) => {
    await page.goto(`${url()}/`)
    const words = await page.evaluate(
      () =>
        new Promise<string[]>((resolve) => {
          const seen: string[] = []
          const source = new EventSource('/events')
          source.onmessage = ({ data }) => {
            if (seen.push(String(data)) < 3) return
            source.close()
            resolve(seen)
          }
        }),
    )
    expect(words).toEqual(['one', 'two', 'three'])
  })

  test.each(urls)('to a WebSocket by %s, with its compression', async (_scheme, url) => {
    await page.goto(`${url()}/`)
    const echoed = await page.evaluate(
      (address) =>
        new Promise<[string, string, number]>((resolve, reject) => {
          const socket = new WebSocket(address)
          const text = 'hello '.repeat(20_000)
          socket.onerror = () => reject(new Error('The WebSocket did not open.'))
          socket.onopen = () => socket.send(text)
          socket.onmessage = ({ data }) => {
            resolve([socket.extensions, String(data).slice(0, 6), String(data).length])
            socket.close()
          }
        }),
      `${url().replace(/^http/, 'ws')}/`,
    )
    expect(echoed).toEqual(['permessage-deflate', 'hello ', 120_000])
  })

  test.each(urls)('to a download and an upload by %s, byte for byte', async (_scheme, url) => {
    await page.goto(`${url()}/`)
    const size = 8 * MIB
    // What came down goes up again, and is summed there.
    const sum = await page.evaluate(async (bytes) => {
      const body = await (await fetch(`/bytes?n=${bytes}`)).arrayBuffer()
      return (await fetch('/upload', { method: 'POST', body })).text()
    }, size)
    expect(sum).toBe(createHash('sha256').update(bytesOf(size)).digest('hex'))
  })
})
