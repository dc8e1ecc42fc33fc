import { once } from 'node:events'
import type { Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { proxyWays, WAYS } from '../../../support/proxy-ways.ts'
import { openRaw } from '../../../support/raw-http.ts'
import { startHost, startWeb } from '../../../support/start-hosts.ts'
import { atRest, flood, GIB } from './flood.ts'

const startProxyBy = proxyWays()
/** Windows of the tunnel and what the sockets of this machine hold, on four connections one after the other. */
const MOST_IN_FLIGHT_BYTES = 64 * 2 ** 20
/** That many turns, of one byte each. */
const SIPS = 500_000
const BODY = Buffer.alloc(2 ** 20, 'x')

/** One byte at a time, with a turn of the event loop after each. */
async function sip(socket: Socket, count: number): Promise<Buffer> {
  const taken = Buffer.alloc(count)
  for (let index = 0; index < count; ) {
    const byte = socket.read(1) as Buffer | null
    if (byte === null) await once(socket, 'readable')
    else {
      taken[index] = byte[0] ?? 0
      index += 1
      await turn()
    }
  }
  return taken
}

/** As fast as it comes, to the end of the body. @returns how much there was, and whether all of it was the body. */
function gulp(socket: Socket, wanted: number): Promise<{ readonly bytes: number; readonly isBody: boolean }> {
  return new Promise((resolve) => {
    let bytes = 0
    let isBody = true
    const done = (): void => resolve({ bytes, isBody })
    socket.once('close', done).on('data', (data: Buffer) => {
      bytes += data.length
      isBody &&= data.equals(BODY.subarray(0, data.length))
      if (bytes >= wanted) done()
    })
    socket.resume()
  })
}

test.each(WAYS.flatMap((way) => ['URL', 'tunnel'].map((how) => [how, way] as const)))(
  'a reader that takes 1 GiB byte by byte fills no memory, by %s (%s), and goes on as fast as it likes',
  async (how, way) => {
    let sent = (): number => 0
    const hostPort =
      how === 'tunnel'
        ? await startHost((socket) => void socket.once('data', () => (sent = flood(socket))))
        : await startWeb((_request, response) => {
            response.writeHead(200, { 'content-length': GIB })
            sent = flood(response)
          })
    const { port } = await startProxyBy(way)
    const socket = await openRaw(port)
    onTestFinished(() => void socket.destroy())
    const before = process.memoryUsage().rss
    const target = `127.0.0.1:${hostPort}`
    socket.write(
      how === 'URL'
        ? `GET http://${target}/ HTTP/1.1\r\nHost: h\r\n\r\n`
        : `CONNECT ${target} HTTP/1.1\r\nHost: h\r\n\r\nx`,
    )
    const taken = String(await sip(socket, SIPS))
    expect(taken).toMatch(/^HTTP\/1\.1 200 .*\r\n\r\nx+$/s)
    expect(await atRest(() => sent())).toBeLessThan(MOST_IN_FLIGHT_BYTES)
    // Everything lives in this process: host, server, agent and reader.
    expect(process.memoryUsage().rss - before).toBeLessThan(4 * MOST_IN_FLIGHT_BYTES)
    const left = GIB - (taken.length - taken.indexOf('\r\n\r\n') - 4)
    expect(await gulp(socket, left)).toEqual({ bytes: left, isBody: true })
  },
)
