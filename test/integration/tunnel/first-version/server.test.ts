import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { createServer as createTlsServer } from 'node:tls'
import { expect, onTestFinished, test } from 'vitest'
import { readPem } from '../../../support/make-certs.ts'
import { readToEnd } from '../../../support/start-hosts.ts'
import { decoded, encoded, type OldMessage } from '../../../support/start-old-agent.ts'
import { makeTestAgent } from '../../../support/start-tunnel.ts'
import { tunnelFixture } from '../../../support/tunnel-fixture.ts'

const { certs } = tunnelFixture()

test('a server of the first version serves our agent, which waits for the answer before its end', async () => {
  const server = createTlsServer(
    {
      ...{
        cert: await readPem(certs.server.cert),
        key: await readPem(certs.server.key),
        ca: await readPem(certs.ca),
      },
      ...{ requestCert: true, rejectUnauthorized: true, minVersion: 'TLSv1.3' },
    },
    (socket) => {
      const types: string[] = []
      createInterface({ input: socket.on('error', () => undefined) }).on('line', (line) => {
        const { payload, type } = JSON.parse(line) as OldMessage
        types.push(type)
        const answer = (kind: string, fields: object) =>
          socket.write(`${JSON.stringify({ type: kind, payload: { id: payload.id, ...fields } })}\n`)
        if (type === 'connect_open' && payload.address === 'bad.example:1')
          answer('connect_close', { error: 'dial failed' })
        else if (type === 'connect_open') answer('connect_ack', { ok: true })
        else if (type === 'connect_data') {
          answer('connect_data', { chunk: encoded(`${decoded(payload.chunk)} heard, before: ${types}`) })
          answer('connect_close', {})
        }
      })
    },
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const agent = makeTestAgent(certs, { port }, { protocol: 'envelopes' })
  onTestFinished(async () => {
    await agent.egress.close(0)
    server.close()
  })
  const stream = await agent.egress.connect({ host: 'a.example', port: 1 }, new AbortController().signal)
  const received = readToEnd(stream)
  stream.end('hello')
  expect(String(await received)).toBe('hello heard, before: hello,connect_open,connect_data')
  const bad = agent.egress.connect({ host: 'bad.example', port: 1 }, new AbortController().signal)
  await expect(bad).rejects.toMatchObject({ code: 'egress.unreachable', message: 'dial failed' })
})
