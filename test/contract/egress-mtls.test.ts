import { makeTestAgent, startTestServer } from '../support/start-tunnel.ts'
import { tunnelFixture } from '../support/tunnel-fixture.ts'
import { egressContract } from './egress.ts'

const { certs } = tunnelFixture()

for (const protocol of ['h2', 'envelopes'] as const)
  egressContract(`mtls (${protocol})`, async () => {
    const server = await startTestServer(certs)
    const { egress } = makeTestAgent(certs, server, { protocol })
    return { egress, close: () => server.close(0) }
  })
