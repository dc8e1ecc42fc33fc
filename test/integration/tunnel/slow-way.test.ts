import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { setTimeout as passing } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { startHost } from '../../support/start-hosts.ts'
import { openStream } from '../../support/through-tunnel.ts'
import { tunnelFixture } from '../../support/tunnel-fixture.ts'

const { makeAgent, startServer } = tunnelFixture()

const BYTES_PER_MS = 1_000
const SIZE = 6 * 2 ** 20

/** A network to the server on which answers take their time. */
async function startSlowWay(target: number): Promise<{ readonly port: number }> {
  const carry = async (from: Socket, to: Socket): Promise<void> => {
    for await (const data of from) {
      to.write(data as Buffer)
      await passing((data as Buffer).length / BYTES_PER_MS)
    }
    to.end()
  }
  const way = createServer({ allowHalfOpen: true }, (near) => {
    const far = connect({ host: '127.0.0.1', port: target, allowHalfOpen: true })
    for (const socket of [near, far])
      socket.on('error', () => {
        near.destroy()
        far.destroy()
      })
    near.pipe(far)
    carry(far, near).catch(() => undefined)
  })
  await once(way.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => void way.close())
  return { port: (way.address() as AddressInfo).port }
}

test.each(['h2', 'envelopes'] as const)(
  'a server that is stopped waits until a download has come over a slow way, by %s',
  { timeout: 60_000 },
  async (protocol) => {
    const server = await startServer()
    const host = await startHost((socket) => void socket.end(Buffer.alloc(SIZE, 'x')))
    const agent = makeAgent(await startSlowWay(server.port), { protocol })
    const stream = await openStream(agent, host)
    stream.end()
    let received = 0
    let stopped: Promise<void> | undefined
    stream.on('data', (data: Buffer) => {
      received += data.length
      stopped ??= server.close(50_000)
    })
    await new Promise((resolve) => stream.once('close', resolve))
    expect(received).toBe(SIZE)
    await stopped
  },
)
