import type { TLSSocket } from 'node:tls'
import { describe, expect, test } from 'vitest'
import type { TunnelServerOptions } from '../../../../src/tunnel-server/server.ts'
import { freePort } from '../../../support/free-port.ts'
import { readToEnd, startEcho, startHost } from '../../../support/start-hosts.ts'
import { decoded, encoded, type OldAgent, startOldAgent } from '../../../support/start-old-agent.ts'
import { waitUntil } from '../../../support/start-sshd.ts'
import { tunnelFixture } from '../../../support/tunnel-fixture.ts'

const { certs, startServer } = tunnelFixture()

async function start(more?: Partial<TunnelServerOptions>): Promise<OldAgent> {
  return startOldAgent(certs, await startServer(more))
}

describe('an agent of the first version', () => {
  test('is told that it is who its certificate says, and hears nothing that it does not know', async () => {
    const agent = await start()
    agent.send('iam_auth_request', {
      ...{ id: 'auth', timestamp: '2026-11-21T12:00:00Z', service: 'tunnel', region: 'us-east-1' },
      ...{ access_key_id: 'AKIA', signature: 'x', signed_headers: '' },
    })
    expect(await agent.next('iam_auth_response')).toEqual({ id: 'auth', ok: true })
    agent.send('something_new', { id: '1' })
    agent.send('connect_open', { id: 'a', address: `127.0.0.1:${await startEcho()}` })
    expect(await agent.next('connect_ack', 'a')).toEqual({ id: 'a', ok: true })
    agent.send('connect_data', { id: 'a', chunk: encoded('hello') })
    expect(decoded((await agent.next('connect_data', 'a')).chunk)).toBe('hello')
    const known = ['iam_auth_response', 'connect_ack', 'connect_data']
    expect(agent.heard.every(({ type }) => known.includes(type))).toBe(true)
  })

  test('gets the bytes of a stream in order, and its end with connect_close', async () => {
    const agent = await start()
    const text = Array.from({ length: 60_000 }, (_, index) => `${index}\n`).join('')
    const port = await startHost((socket) => socket.end(text))
    agent.send('connect_open', { id: 'a', address: `127.0.0.1:${port}` })
    expect(await agent.next('connect_close', 'a')).toEqual({ id: 'a' })
    const got = agent.heard
      .filter(({ type }) => type === 'connect_data')
      .map(({ payload }) => Buffer.from(String(payload.chunk), 'base64'))
    expect(Buffer.concat(got).toString()).toBe(text)
    expect(Math.max(...got.map(({ length }) => length))).toBeLessThanOrEqual(32 * 1024)
  })

  test('gets a negative acknowledgement with the reason at once', async () => {
    const agent = await start()
    agent.send('connect_open', { id: 'a', address: `127.0.0.1:${await freePort()}` })
    expect(await agent.next('connect_ack', 'a')).toMatchObject({ ok: false, code: 'egress.refused' })
    agent.send('connect_open', { id: 'b', address: '169.254.169.254:80' })
    expect(await agent.next('connect_ack', 'b')).toMatchObject({ ok: false, code: 'egress.denied' })
    agent.send('connect_open', { id: 'c', address: 'nonsense' })
    expect(await agent.next('connect_ack', 'c')).toMatchObject({ ok: false, code: 'tunnel.protocol' })
  })

  test('that closes a stream resets nothing that was said, and its own end reaches the host', async () => {
    const heard: Promise<Buffer>[] = []
    const port = await startHost((socket) => void heard.push(readToEnd(socket)))
    const agent = await start()
    agent.send('connect_open', { id: 'a', address: `127.0.0.1:${port}` })
    await agent.next('connect_ack', 'a')
    agent.send('connect_data', { id: 'a', chunk: encoded('last words') })
    agent.send('connect_close', { id: 'a' })
    expect(await waitUntil(() => heard.length === 1, 10_000)).toBe(true)
    expect(String(await heard[0])).toBe('last words')
  })

  test('does not reach the streams of another agent, whatever id it uses', async () => {
    const [one, other] = [await start(), await start()]
    one.send('connect_open', { id: 'same', address: `127.0.0.1:${await startEcho()}` })
    await one.next('connect_ack', 'same')
    other.send('connect_data', { id: 'same', chunk: encoded('intruder') })
    other.send('connect_close', { id: 'same', error: 'ha' })
    one.send('connect_data', { id: 'same', chunk: encoded('mine') })
    expect(decoded((await one.next('connect_data', 'same')).chunk)).toBe('mine')
  })

  test.each([
    ['an id twice', '{"type":"connect_open","payload":{"id":"1","address":"127.0.0.1:9"}}\n'.repeat(2)],
    ['what is not JSON', 'GET / HTTP/1.1\n'],
    [
      'data for a stream that is not open',
      '{"type":"connect_open","payload":{"id":"1","address":"192.0.2.1:9"}}\n{"type":"ws_open","payload":{"id":"1","url":"ws://a/"}}\n',
    ],
  ])('that sends %s is closed on', async (_what, text) => {
    const agent = await start({ dial: () => new Promise(() => undefined) })
    agent.socket.write(text)
    expect(await waitUntil(() => agent.socket.closed, 10_000)).toBe(true)
  })

  test('that never ends a line is closed on before it costs much', async () => {
    const agent = await start()
    const block = Buffer.alloc(1024 * 1024, 'a')
    let sent = 0
    while (!agent.socket.destroyed && sent < 64) {
      sent += 1
      if (!agent.socket.write(block)) await Promise.race([drained(agent.socket), closedOf(agent.socket)])
    }
    expect(sent).toBeLessThan(40)
    expect(await waitUntil(() => agent.socket.closed, 10_000)).toBe(true)
  })

  test('that does not read is held up, and so is the host', async () => {
    let sent = 0
    const port = await startHost((socket) => {
      const block = Buffer.alloc(64 * 1024)
      const more = (): void => {
        while (sent < 200e6 && !socket.destroyed) {
          sent += block.length
          if (!socket.write(block)) return
        }
      }
      socket.on('drain', more)
      more()
    })
    const agent = await start()
    agent.socket.pause()
    agent.send('connect_open', { id: 'a', address: `127.0.0.1:${port}` })
    let last = -1
    await waitUntil(
      () => {
        const isStill = sent === last && sent > 0
        last = sent
        return isStill
      },
      10_000,
      300,
    )
    expect(sent).toBeLessThan(32e6)
  })
})

function drained(socket: TLSSocket): Promise<void> {
  return new Promise((resolve) => socket.once('drain', () => resolve()))
}

function closedOf(socket: TLSSocket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()))
}
