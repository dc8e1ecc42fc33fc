import { describe, expect, test } from 'vitest'
import { proxyWays, WAYS } from '../../../support/proxy-ways.ts'
import { rawHttp } from '../../../support/raw-http.ts'
import { OK, startScripted } from '../../../support/start-proxy.ts'
import { waitUntil } from '../../../support/start-sshd.ts'

const startProxy = proxyWays()

describe.each(WAYS)('by %s', (way) => {
  test.each([
    ['an upload', 'POST', 'Content-Length: 3\r\n\r\nabc'],
    ['a request', 'GET', '\r\n'],
  ])('%s finds a new connection where the host has ended the idle one', async (_what, method, rest) => {
    const host = await startScripted(OK)
    const { port } = await startProxy(way)
    const url = `http://127.0.0.1:${host.port}/`
    for (let round = 1; round <= 3; round += 1) {
      const answer = await rawHttp(
        port,
        `${method} ${url} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n${rest}`,
      )
      expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
      // As every host does some time; ours has to close its side, too.
      host.sockets.at(-1)?.end()
      expect(await waitUntil(() => host.sockets.at(-1)?.closed === true, 10_000)).toBe(true)
    }
    expect(host.sockets).toHaveLength(3)
  })
})
