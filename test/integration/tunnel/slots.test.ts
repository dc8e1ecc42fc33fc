import { connect, type Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { expect, test } from 'vitest'
import { ALPN } from '../../../src/shared/protocol/tunnel/wire.ts'
import { dialAsAgent } from '../../support/dial-as-agent.ts'
import { soon } from '../../support/soon.ts'
import { startEcho } from '../../support/start-hosts.ts'
import type { TestServer } from '../../support/start-tunnel.ts'
import { echoed } from '../../support/through-tunnel.ts'
import { tunnelFixture } from '../../support/tunnel-fixture.ts'

const { certs, makeAgent, startServer } = tunnelFixture()

const SLOTS = 4
const ROUNDS = 75
const FORMATS = [ALPN.h2, ALPN.envelopes, ALPN.h2, undefined]

interface Dialled {
  readonly tls: TLSSocket
  readonly tcp: Socket
}

/** How agents leave, one way after the other. */
const WAYS: readonly ((agent: Dialled) => void)[] = [
  ({ tls }) => tls.end(),
  ({ tls }) => tls.destroy(),
  ({ tcp }) => tcp.resetAndDestroy(),
  ({ tls }) => tls.end('neither frames nor envelopes\n'),
  ({ tls }) => tls.end(Buffer.alloc(100_000, 0xff)),
]

async function dial(server: TestServer, protocol: string | undefined): Promise<Dialled> {
  const tcp = connect(server.port, '127.0.0.1').on('error', () => undefined)
  const offered = protocol === undefined ? {} : { ALPNProtocols: [protocol] }
  const tls = await dialAsAgent(certs, server, { ...offered, socket: tcp })
  return { tls: tls.resume(), tcp }
}

/** It is gone before anybody knows who it is. */
function passBy(port: number): void {
  const socket = connect(port, '127.0.0.1', () => socket.write('\x16\x03', () => socket.resetAndDestroy()))
  socket.on('error', () => undefined)
}

test(`of ${SLOTS} places none is lost or won, however often and in whatever way they are taken and left`, {
  timeout: 120_000,
}, async () => {
  const server = await startServer({ maxConnections: SLOTS })
  for (let round = 0; round < ROUNDS; round += 1) {
    const agents = await Promise.all(FORMATS.map((protocol) => dial(server, protocol)))
    await soon(() => expect(server.meters.connections).toBe(SLOTS))
    // One more than there are places takes none, and leaves none behind.
    const extra = await dial(server, ALPN.h2)
    passBy(server.port)
    await soon(() => expect(extra.tls.closed).toBe(true))
    expect(server.meters.connections).toBe(SLOTS)
    for (const [index, agent] of agents.entries()) WAYS[(round + index) % WAYS.length]?.(agent)
    await soon(() => expect(server.meters.connections).toBe(0))
  }
  const echo = await startEcho()
  const last = FORMATS.map(() => makeAgent(server))
  expect(await Promise.all(last.map((agent) => echoed(agent, echo)))).toEqual(last.map(() => 'hello'))
  await expect(echoed(makeAgent(server), echo)).rejects.toMatchObject({ code: 'tunnel.full' })
  expect(server.meters.connections).toBe(SLOTS)
})
