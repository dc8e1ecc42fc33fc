import { once } from 'node:events'
import type { RequestListener } from 'node:http'
import { connect, type Socket } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { startWeb } from '../../../support/start-hosts.ts'
import { startProxy } from '../../../support/start-proxy.ts'
import { makeTestAgent } from '../../../support/start-tunnel.ts'
import { tunnelFixture } from '../../../support/tunnel-fixture.ts'
import { atRest, flood, GIB } from './flood.ts'

/** Windows of the tunnel and what the sockets of this machine hold, on four connections one after the other. */
const MOST_IN_FLIGHT_BYTES = 64 * 2 ** 20

const { certs, startServer } = tunnelFixture()

async function startSite(listener: RequestListener): Promise<string> {
  return `http://127.0.0.1:${await startWeb(listener)}`
}

describe.each(['h2', 'envelopes'] as const)('1 GiB by %s', (protocol) => {
  async function connected(): Promise<Socket> {
    const server = await startServer()
    const { port } = await startProxy({ egress: makeTestAgent(certs, server, { protocol }).egress })
    const socket = connect({ host: '127.0.0.1', port }).pause()
    socket.on('error', () => undefined)
    onTestFinished(() => void socket.destroy())
    await once(socket, 'connect')
    return socket
  }

  test('whose reader stalls makes the host wait, and memory stays bounded', async () => {
    let sent = (): number => 0
    const url = await startSite((_request, response) => {
      response.writeHead(200, { 'content-length': GIB })
      sent = flood(response)
    })
    const socket = await connected()
    const before = process.memoryUsage().rss
    socket.write(`GET ${url}/ HTTP/1.1\r\nHost: h\r\n\r\n`)
    expect(await atRest(() => sent())).toBeLessThan(MOST_IN_FLIGHT_BYTES)
    // Everything lives in this process: host, server, agent and client.
    expect(process.memoryUsage().rss - before).toBeLessThan(4 * MOST_IN_FLIGHT_BYTES)
  })

  test('that its host does not read makes the client wait, and memory stays bounded', async () => {
    const url = await startSite((request) => void request.pause())
    const socket = await connected()
    const before = process.memoryUsage().rss
    socket.write(`POST ${url}/ HTTP/1.1\r\nHost: h\r\nContent-Length: ${GIB}\r\n\r\n`)
    expect(await atRest(flood(socket))).toBeLessThan(MOST_IN_FLIGHT_BYTES)
    expect(process.memoryUsage().rss - before).toBeLessThan(4 * MOST_IN_FLIGHT_BYTES)
  })

  test('arrives whole where its reader only takes its time', { timeout: 60_000 }, async () => {
    const size = GIB / 16
    const url = await startSite((_request, response) => {
      response.writeHead(200, { 'content-length': size, connection: 'close' })
      response.end(Buffer.alloc(size, 'y'))
    })
    const socket = await connected()
    socket.write(`GET ${url}/ HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n`)
    let received = 0
    for await (const piece of socket) {
      received += (piece as Buffer).length
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(received).toBeGreaterThan(size)
    expect(received).toBeLessThan(size + 1_000)
  })
})
