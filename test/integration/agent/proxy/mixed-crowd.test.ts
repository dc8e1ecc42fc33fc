import { expect, test } from 'vitest'
import { proxyWays, WAYS } from '../../../support/proxy-ways.ts'
import { halfClosed, rawHttp } from '../../../support/raw-http.ts'
import { startEcho, startWeb } from '../../../support/start-hosts.ts'

const OF_EACH = 500
const start = proxyWays()

test.each(WAYS)(
  '2,000 connections at once of four kinds get their answers, by %s',
  {
    timeout: 120_000,
  },
  async (way) => {
    const [proxy, echo] = [await start(way), await startEcho()]
    const web = await startWeb((_request, response) => response.end('page'))
    const to = (port: number): string => `127.0.0.1:${port} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`
    const get = `GET http://127.0.0.1:${web}/ HTTP/1.1\r\nHost: 127.0.0.1:${web}\r\n`
    const last = 'Connection: close\r\n\r\n'
    // Some say all they have to say and their end at once, before there is any way.
    const kinds = {
      'a tunnel, its bytes and the end': () => halfClosed(proxy.port, `CONNECT ${to(echo)}bytes`),
      'a tunnel and a request in it': () =>
        rawHttp(proxy.port, `CONNECT ${to(web)}GET / HTTP/1.1\r\nHost: a\r\n${last}`),
      'a request and the end': () => halfClosed(proxy.port, `${get}\r\n`),
      'a request': () => rawHttp(proxy.port, `${get}${last}`),
    }
    const all = Object.entries(kinds).flatMap(([kind, ask]) =>
      Array.from({ length: OF_EACH }, async () => `${kind}: ${endOf(await ask())}`),
    )
    const counts: Record<string, number> = {}
    for (const answer of await Promise.all(all)) counts[answer] = (counts[answer] ?? 0) + 1
    expect(counts).toEqual({
      'a tunnel, its bytes and the end: 200 bytes': OF_EACH,
      'a tunnel and a request in it: 200 page': OF_EACH,
      'a request and the end: 200 page': OF_EACH,
      'a request: 200 page': OF_EACH,
    })
  },
)

/** The status and what came last. */
function endOf(answer: string): string {
  return `${answer.slice(9, 12)} ${answer.slice(answer.lastIndexOf('\r\n') + 2)}`
}
