import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import {
  type ClientHttp2Session,
  connect as connectH2,
  constants,
  createSecureServer,
  type Http2SecureServer,
  type ServerHttp2Stream,
} from 'node:http2'
import { connect } from 'node:net'
import type { Duplex } from 'node:stream'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { splice } from '../../../src/node/splice.ts'
import { readPem } from '../../support/make-certs.ts'
import { startEcho, startHost } from '../../support/start-hosts.ts'
import { waitUntil } from '../../support/start-sshd.ts'
import { makeTestAgent, SERVER_NAME } from '../../support/start-tunnel.ts'
import { tunnelFixture } from '../../support/tunnel-fixture.ts'

// Each end of ours with the HTTP/2 of Node at the other, as agents and servers of earlier versions have it.

const { certs, startServer } = tunnelFixture()
let files: { readonly ca: string; readonly agent: object; readonly server: object }
beforeAll(async () => {
  const pair = async ({ cert, key }: { cert: string; key: string }) => ({
    cert: await readPem(cert),
    key: await readPem(key),
  })
  files = { ca: await readPem(certs.ca), agent: await pair(certs.agent), server: await pair(certs.server) }
})

const BODY = randomBytes(12 * 2 ** 20)
const digest = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex')

/** Sends all, ends, and reads to the end. */
async function throughEcho(stream: Duplex, body: Buffer): Promise<string> {
  const hash = createHash('sha256')
  stream.on('data', (data: Buffer) => hash.update(data))
  stream.end(body)
  await once(stream, 'end')
  return hash.digest('hex')
}

describe('an agent of ours and a server of Node', () => {
  async function world(serve: (stream: ServerHttp2Stream, authority: string) => void) {
    const server: Http2SecureServer = createSecureServer({
      ...{ ca: files.ca, ...files.server, requestCert: true, minVersion: 'TLSv1.3' },
      settings: { initialWindowSize: 100_000, headerTableSize: 128 },
    })
    const sessions = new Set<{ close(): void; destroy(): void }>()
    server.on('session', (session) => sessions.add(session))
    server.on('stream', (stream, headers) => {
      stream.on('error', () => undefined)
      serve(stream, String(headers[':authority']))
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    const { egress, states } = makeTestAgent(certs, { port })
    onTestFinished(async () => {
      await egress.close(0)
      for (const session of sessions) session.destroy()
      server.close()
    })
    const open = (to: number) => egress.connect({ host: '127.0.0.1', port: to }, new AbortController().signal)
    return { open, sessions, states }
  }
  const carry = (stream: ServerHttp2Stream, authority: string): void => {
    const far = connect({ host: '127.0.0.1', port: Number(authority.split(':')[1]), allowHalfOpen: true })
    far.on('error', () => undefined)
    stream.respond({ ':status': 200 })
    void splice(stream, far)
  }

  test('carry much both ways, in several streams at once, with a window that is small', async () => {
    const { open, states } = await world(carry)
    const echo = await startEcho()
    const streams = await Promise.all([open(echo), open(echo), open(echo)])
    const sums = await Promise.all(streams.map((stream) => throughEcho(stream, BODY)))
    expect(sums).toEqual(Array(3).fill(digest(BODY)))
    expect(states.at(-1)).toMatchObject({ phase: 'connected', roundTripMs: expect.any(Number) as number })
  })

  test('a reset comes as one', async () => {
    const { open } = await world((stream) => {
      stream.respond({ ':status': 200 })
      stream.close(constants.NGHTTP2_CONNECT_ERROR)
    })
    const stream = await open(1)
    const [error] = (await once(stream.resume(), 'error')) as [{ code: string }]
    expect(error.code).toBe('egress.unreachable')
  })

  test('a refusal is understood, after an interim answer too', async () => {
    const { open } = await world((stream) => {
      stream.additionalHeaders({ ':status': 103 })
      stream.respond({ ':status': 403, 'proxy-status': 'x; error=destination_ip_prohibited; details="No."' })
      stream.end()
    })
    await expect(open(1)).rejects.toMatchObject({ code: 'egress.denied', message: 'No.' })
  })

  test('a server that goes lets streams finish', async () => {
    const { open, sessions, states } = await world(carry)
    const stream = await open(await startEcho())
    stream.write('before ')
    for (const session of sessions) session.close()
    expect(await waitUntil(() => states.some(({ phase }) => phase === 'reconnecting'), 10_000)).toBe(true)
    let text = ''
    stream.on('data', (data: Buffer) => {
      text += String(data)
    })
    stream.end('after')
    await once(stream, 'end')
    expect(text).toBe('before after')
  })
})

describe('an agent of Node and a server of ours', () => {
  async function world(): Promise<ClientHttp2Session> {
    const server = await startServer()
    const session = connectH2(`https://127.0.0.1:${server.port}`, {
      ...{ ca: files.ca, ...files.agent, servername: SERVER_NAME },
      settings: { initialWindowSize: 100_000, headerTableSize: 0 },
      maxSessionMemory: 256,
    })
    session.on('error', () => undefined)
    onTestFinished(() => session.destroy())
    await once(session, 'remoteSettings')
    return session
  }
  const ask = (session: ClientHttp2Session, port: number, more = {}) =>
    session
      .request({ ':method': 'CONNECT', ':authority': `127.0.0.1:${port}`, ...more }, { endStream: false })
      .on('error', () => undefined)

  test('carry much both ways, in several streams at once, with a window that is small', async () => {
    const session = await world()
    const echo = await startEcho()
    const streams = [ask(session, echo), ask(session, echo), ask(session, echo)]
    const sums = await Promise.all(streams.map((stream) => throughEcho(stream, BODY)))
    expect(sums).toEqual(Array(3).fill(digest(BODY)))
  })

  test('many headers in several frames, and the same ones again, are understood', async () => {
    const session = await world()
    const echo = await startEcho()
    const more = Object.fromEntries(
      Array.from({ length: 20 }, (_, index) => [`x-${index}`, 'y'.repeat(1_000)]),
    )
    for (let count = 0; count < 3; count += 1)
      expect(await throughEcho(ask(session, echo, more), Buffer.from('hi'))).toBe(digest(Buffer.from('hi')))
  })

  test('a host that resets is told as a reset', async () => {
    const session = await world()
    const port = await startHost((socket) => void socket.once('data', () => socket.resetAndDestroy()))
    const stream = ask(session, port)
    stream.write('x')
    const [error] = (await once(stream.resume(), 'error')) as [Error]
    expect(error.message).toContain('NGHTTP2_CONNECT_ERROR')
    expect(stream.rstCode).toBe(constants.NGHTTP2_CONNECT_ERROR)
  })

  test('a ping is answered', async () => {
    const session = await world()
    const { promise, resolve } = Promise.withResolvers<string>()
    session.ping(Buffer.from('12345678'), (_error, _ms, payload) => resolve(String(payload)))
    expect(await promise).toBe('12345678')
  })
})
