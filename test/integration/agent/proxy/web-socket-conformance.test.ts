import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocketServer } from 'ws'
import { startProxy } from '../../../support/start-proxy.ts'
import { makeTestAgent, makeTunnelCerts, startTestServer } from '../../../support/start-tunnel.ts'
import { WEB_SOCKET_CASES, type WebSocketCase } from '../../../support/web-socket-cases.ts'

type Way = 'direct' | 'h2' | 'envelopes'

const closers: (() => Promise<void>)[] = []
const teardown = (close: () => Promise<void>) => void closers.push(close)
const proxies = new Map<Way, number>()
let host: number

beforeAll(async () => {
  const server = new WebSocketServer({
    ...{ host: '127.0.0.1', port: 0, maxPayload: 8 * 2 ** 20 },
    perMessageDeflate: { serverNoContextTakeover: true, clientNoContextTakeover: true, threshold: 0 },
  })
  server.on('connection', (socket) => {
    socket.on('error', () => undefined)
    socket.on('message', (data, binary) => socket.send(data, { binary }))
  })
  await once(server, 'listening')
  host = (server.address() as { port: number }).port
  teardown(async () => {
    for (const client of server.clients) client.terminate()
    server.close()
  })
  const certs = await makeTunnelCerts(teardown)
  const tunnel = await startTestServer(certs)
  teardown(() => tunnel.close(0))
  proxies.set('direct', (await startProxy({ teardown })).port)
  for (const protocol of ['h2', 'envelopes'] as const) {
    const { egress } = makeTestAgent(certs, tunnel, { protocol })
    proxies.set(protocol, (await startProxy({ egress, teardown })).port)
  }
})
afterAll(async () => {
  for (const close of closers.reverse()) await close()
})

/** What a client sees from its handshake to the end; long answers as their hash. */
async function transcript(one: WebSocketCase, way: Way | undefined): Promise<string> {
  const port = way === undefined ? host : (proxies.get(way) ?? 0)
  const target = way === undefined ? '/' : `http://127.0.0.1:${host}/`
  const socket = connect({ host: '127.0.0.1', port, noDelay: true })
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  socket.on('error', () => undefined)
  const head = [
    `GET ${target} HTTP/1.1`,
    `Host: 127.0.0.1:${host}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
  ]
  const offer = one.deflate === true ? ['Sec-WebSocket-Extensions: permessage-deflate'] : []
  const key = ['Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Version: 13']
  socket.write([...head, ...key, ...offer, '', ''].join('\r\n'))
  let received = Buffer.alloc(0)
  let answer: string[] | undefined
  socket.on('data', (data: Buffer) => {
    received = Buffer.concat([received, data])
    if (answer === undefined) {
      const end = received.indexOf('\r\n\r\n')
      if (end < 0) return
      answer = shownOf(received.toString('latin1', 0, end))
      received = received.subarray(end + 4)
      void send(one)
    }
    if (hasClose(received)) socket.end()
  })
  const send = async ({ chop, frames }: WebSocketCase): Promise<void> => {
    const all = Buffer.concat(frames)
    const size = chop ?? all.length
    for (let at = 0; at < all.length && !socket.destroyed; at += size) {
      const isFree = socket.write(all.subarray(at, at + size))
      if (!isFree) await Promise.race([once(socket, 'drain'), closed])
      // Each write by itself on the wire.
      else if (chop !== undefined) await new Promise((resolve) => setImmediate(resolve))
    }
  }
  await closed
  const bytes =
    received.length > 400 ? createHash('sha256').update(received).digest('hex') : received.toString('hex')
  return `${answer?.join(', ')} | ${received.length} bytes: ${bytes}`
}

/** What a WebSocket client looks at; a proxy may say more. */
function shownOf(head: string): string[] {
  const [status = '', ...lines] = head.split('\r\n')
  return [status.slice(0, 12), ...lines.filter((line) => /^(?:upgrade|sec-websocket-)/i.test(line)).sort()]
}

/** Whether the server has said its last frame: frames of servers are not masked (RFC 6455 §5.1). */
function hasClose(bytes: Buffer): boolean {
  let at = 0
  while (at + 2 <= bytes.length) {
    const [first = 0, second = 0] = bytes.subarray(at, at + 2)
    if ((first & 0x0f) === 8) return bytes.length >= at + 2 + second
    const short = second & 0x7f
    if (short === 127 && bytes.length < at + 10) return false
    if (short === 126 && bytes.length < at + 4) return false
    if (short < 126) at += 2 + short
    else if (short === 126) at += 4 + bytes.readUInt16BE(at + 2)
    else at += 10 + Number(bytes.readBigUInt64BE(at + 2))
  }
  return false
}

describe.each(WEB_SOCKET_CASES)('section %s', (_, cases) => {
  test.each(['direct', 'h2', 'envelopes'] as const)(
    'looks the same by %s as without the proxy',
    async (way) => {
      for (const one of cases) {
        const expected = `${one.name}: ${await transcript(one, undefined)}`
        expect(expected).toContain('101')
        expect(`${one.name}: ${await transcript(one, way)}`).toBe(expected)
      }
    },
    60_000,
  )
})
