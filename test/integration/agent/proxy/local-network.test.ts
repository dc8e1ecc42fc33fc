import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { chromium } from 'playwright-core'
import { expect, onTestFinished, test } from 'vitest'
import { DirectEgress } from '../../../../src/main/egress/direct/direct-egress.ts'
import { createAddressPolicy } from '../../../../src/node/address-policy/address-policy.ts'
import { CHROMIUM } from '../../../support/electron/chromium.ts'
import { startProxy } from '../../../support/start-proxy.ts'

// https://developer.chrome.com/blog/local-network-access
test('a page of the internet may ask hosts behind the proxy, and not this machine without a permission', async () => {
  const heard: string[] = []
  const server = createServer(({ headers, url }, response) => {
    heard.push(`${headers.host?.split(':')[0]}${url}`)
    // As a page of the internet has it: without, Chromium does not know where a page behind a proxy is from.
    response.writeHead(200, {
      'content-type': 'text/html',
      'access-control-allow-origin': '*',
      'content-security-policy': 'treat-as-public-address',
    })
    response.end('<title>A page</title>')
  }).listen(0, '127.0.0.1')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const toRelay: string[] = []
  const lookup = () => Promise.resolve([{ address: '127.0.0.1', family: 4 }])
  const proxy = await startProxy({
    egress: new DirectEgress({ policy: createAddressPolicy(['127.0.0.0/8']), lookup }),
    onRelayConnection: (socket) => {
      socket.once('data', (bytes: Buffer) => {
        toRelay.push(bytes.toString('latin1').split('\r\n')[0] ?? '')
        socket.end('HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\nContent-Length: 5\r\n\r\nrelay')
      })
      socket.resume()
    },
  })
  const isRoot = process.getuid?.() === 0
  const browser = await chromium.launch({
    ...(CHROMIUM === undefined ? {} : { executablePath: CHROMIUM }),
    args: ['--disable-gpu', `--proxy-server=${proxy.url}`, ...(isRoot ? ['--no-sandbox'] : [])],
  })
  onTestFinished(() => browser.close())
  const page = await browser.newPage()
  await page.goto(`http://a.example:${port}/`)
  const fetched = (url: string): Promise<string> =>
    page.evaluate(`fetch('${url}').then((answer) => answer.text(), (error) => String(error))`)
  // Were hosts behind the proxy on this machine for it, as the proxy is, this would need a permission as well.
  expect(await fetched(`http://b.example:${port}/other`)).toContain('A page')
  expect(await fetched(`http://127.0.0.1:${port}/direct`)).toContain('Failed to fetch')
  expect(await fetched(`http://127.0.0.1:${proxy.port}/v1/models`)).toContain('Failed to fetch')
  expect(heard.filter((one) => !one.endsWith('/favicon.ico'))).toEqual(['a.example/', 'b.example/other'])
  expect(toRelay).toEqual([])
})
