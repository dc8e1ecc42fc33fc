import { expect, onTestFinished, test } from 'vitest'
import { startEcho } from '../../support/start-hosts.ts'
import { makeTestAgent, startTestServer } from '../../support/start-tunnel.ts'
import { tunnelFixture } from '../../support/tunnel-fixture.ts'

const { certs } = tunnelFixture()

test('health says how many are connected, and no once it is full or being stopped', async () => {
  const lines: string[] = []
  const server = await startTestServer(certs, {
    maxConnections: 2,
    health: { host: '127.0.0.1', port: 0 },
    cloudWatch: {
      namespace: 'N',
      serviceName: 's',
      clusterName: 'c',
      intervalMs: 60_000,
      write: (line) => lines.push(line),
    },
  })
  onTestFinished(() => server.close(0))
  const ask = async (path: string) => {
    const answer = await fetch(`http://127.0.0.1:${server.healthPort}${path}`)
    return { status: answer.status, body: await answer.text() }
  }
  const health = async () => {
    const { status, body } = await ask('/health')
    return [status, { ...(JSON.parse(body) as object), uptime_seconds: 0 }]
  }
  const word = (active: number, status: string) => ({
    ...{ status, active_connections: active, uptime_seconds: 0, max_connections: 2 },
    connections_percent: active * 50,
  })
  expect(await health()).toEqual([200, word(0, 'healthy')])
  expect((await ask('/ready')).status).toBe(200)
  const agents = [makeTestAgent(certs, server), makeTestAgent(certs, server, { protocol: 'envelopes' })]
  onTestFinished(async () => void (await Promise.all(agents.map(({ egress }) => egress.close(0)))))
  const target = { host: '127.0.0.1', port: await startEcho() }
  const [stream] = await Promise.all(
    agents.map(({ egress }) => egress.connect(target, new AbortController().signal)),
  )
  expect(await health()).toEqual([503, word(2, 'full')])
  const metrics = (await ask('/metrics')).body
  expect(metrics).toContain('sovereign_tunnel_connections 2\n')
  expect(metrics).toContain('sovereign_tunnel_streams 2\n')
  const closed = server.close(20_000)
  expect((await health())[0]).toBe(503)
  expect((await ask('/ready')).status).toBe(503)
  expect((await ask('/nothing')).status).toBe(404)
  stream?.on('error', () => undefined)
  await Promise.all(agents.map(({ egress }) => egress.close(0)))
  await closed
  expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ Requests: 2, ActiveConnections: 0 })
})
