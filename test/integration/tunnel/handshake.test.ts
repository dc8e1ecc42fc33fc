import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ALPN } from '../../../src/shared/protocol/tunnel/wire.ts'
import { dialAsAgent } from '../../support/dial-as-agent.ts'
import { startEcho } from '../../support/start-hosts.ts'
import { waitUntil } from '../../support/start-sshd.ts'
import { echoed } from '../../support/through-tunnel.ts'
import { tunnelFixture } from '../../support/tunnel-fixture.ts'

const { certs, startServer, makeAgent } = tunnelFixture()

describe('before the handshake is over', () => {
  test('who says nothing is sent away after the deadline, and takes no place', async () => {
    const server = await startServer({ handshakeMs: 200, maxConnections: 1 })
    const idle = connect({ host: '127.0.0.1', port: server.port })
    idle.on('error', () => undefined)
    await once(idle, 'connect')
    expect(await echoed(makeAgent(server), await startEcho())).toBe('hello')
    expect(await waitUntil(() => idle.closed || idle.readableEnded, 10_000)).toBe(true)
    expect(server.meters.refused.get('too-slow')).toBe(1)
  })

  test('a flood of connections does not keep an agent out', async () => {
    const server = await startServer({ maxWaiting: 20 })
    const flood = Array.from({ length: 200 }, () => connect({ host: '127.0.0.1', port: server.port }))
    onTestFinished(() => {
      for (const socket of flood) socket.destroy()
    })
    for (const socket of flood) socket.on('error', () => undefined).resume()
    expect(await waitUntil(() => (server.meters.refused.get('too-many-waiting') ?? 0) >= 150, 10_000)).toBe(
      true,
    )
    expect(await echoed(makeAgent(server), await startEcho())).toBe('hello')
    expect(server.meters).toMatchObject({ connectionsTotal: 1 })
  })

  test('what is no TLS is sent away and is no activity', async () => {
    const server = await startServer()
    const { lastActivityAt } = server.meters
    const socket = connect({ host: '127.0.0.1', port: server.port })
    socket.on('error', () => undefined)
    socket.resume().write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    expect(await waitUntil(() => socket.closed || socket.readableEnded, 10_000)).toBe(true)
    expect(server.meters).toMatchObject({ connectionsTotal: 0, lastActivityAt })
    expect(server.meters.refused.get('tls')).toBe(1)
  })

  test('an agent that offers another protocol is refused by TLS', async () => {
    const server = await startServer()
    await expect(dialAsAgent(certs, server, { ALPNProtocols: ['http/1.1'] })).rejects.toMatchObject({
      code: expect.stringMatching(/NO_APPLICATION_PROTOCOL/) as string,
    })
    expect(ALPN.h2).toBe('h2')
  })
})
