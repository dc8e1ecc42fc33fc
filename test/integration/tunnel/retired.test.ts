import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { createServer, type TLSSocket } from 'node:tls'
import { expect, onTestFinished, test } from 'vitest'
import { ALPN } from '../../../src/shared/protocol/tunnel/wire.ts'
import { readPem } from '../../support/make-certs.ts'
import { soon } from '../../support/soon.ts'
import { makeTestAgent, makeTunnelCerts } from '../../support/start-tunnel.ts'

test('a connection that the server gives up right after its greeting is closed and not kept', async () => {
  const certs = await makeTunnelCerts(onTestFinished)
  const open = new Set<TLSSocket>()
  const server = createServer(
    {
      ...{ cert: await readPem(certs.server.cert), key: await readPem(certs.server.key) },
      ...{ ca: await readPem(certs.ca), requestCert: true, ALPNProtocols: [ALPN.envelopes] },
    },
    (socket) => {
      const say = (type: string, payload: object): void => {
        if (socket.writable) socket.write(`${JSON.stringify({ type, payload })}\n`)
      }
      open.add(socket)
      socket.on('error', () => undefined).once('close', () => open.delete(socket))
      createInterface({ input: socket }).on('line', (line) => {
        const { payload, type } = JSON.parse(line) as { type: string; payload: object }
        if (type === 'hello') {
          say('hello', { version: 1, window: 524_288 })
          say('goodbye', { code: 'tunnel.full', error: 'no place left' })
        }
        if (type === 'ping') say('pong', payload)
      })
    },
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const backoff = { firstDelayMs: 600_000, capMs: 600_000, factor: 1, jitter: 0 }
  const agent = makeTestAgent(certs, { port }, { protocol: 'envelopes', backoff })
  onTestFinished(async () => {
    await agent.egress.close(0)
    for (const socket of open) socket.destroy()
    server.close()
  })
  const asked = agent.egress.connect({ host: 'a.example', port: 1 }, new AbortController().signal)
  await expect(asked).rejects.toMatchObject({ code: 'tunnel.full', message: 'no place left' })
  await soon(() => expect(agent.states.map(({ phase }) => phase)).toContain('reconnecting'))
  await soon(() => expect(open.size).toBe(0))
})
