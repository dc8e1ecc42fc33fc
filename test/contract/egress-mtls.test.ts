import { afterAll, beforeAll } from 'vitest'
import { makeTestAgent, makeTunnelCerts, startTestServer, type TunnelCerts } from '../support/start-tunnel.ts'
import { egressContract } from './egress.ts'

const closers: (() => Promise<void>)[] = []
let certs: TunnelCerts
beforeAll(async () => {
  certs = await makeTunnelCerts((close) => closers.push(close))
})
afterAll(async () => {
  for (const close of closers) await close()
})

for (const protocol of ['h2', 'envelopes'] as const)
  egressContract(`mtls (${protocol})`, async () => {
    const server = await startTestServer(certs)
    const { egress } = makeTestAgent(certs, server, { protocol })
    return { egress, close: () => server.close(0) }
  })
