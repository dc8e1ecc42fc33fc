import { expect, onTestFinished, test } from 'vitest'
import { VERSION } from '../../../src/node/version.ts'
import { settingsSchema } from '../../../src/shared/settings/schema.ts'
import { startBridge, type TestBridge } from '../../support/start-bridge.ts'
import { makeTunnelCerts, startTestServer, type TunnelCerts } from '../../support/start-tunnel.ts'

async function start(egress: object): Promise<TestBridge> {
  const bridge = await startBridge({
    teardown: onTestFinished,
    profile: { relay: { embedded: true }, egress },
  })
  await bridge.bridge.connect()
  await bridge.state(({ agent }) => agent.phase === 'listening', 'the agent listens')
  return bridge
}

async function healthOf({ agentPort }: TestBridge): Promise<Record<string, unknown>> {
  const answer = await fetch(`http://127.0.0.1:${agentPort}/agent/health`)
  expect(answer.status).toBe(200)
  return (await answer.json()) as Record<string, unknown>
}

const inPhase = (bridge: TestBridge, phase: string) =>
  bridge.state(({ egress }) => egress.tunnel.phase === phase, `a tunnel that is ${phase}`)

function mtlsTo(server: string, { agent: { cert, key }, ca }: TunnelCerts) {
  return { server, ca, cert, key }
}

test('without a tunnel, health names the port and since when, and no server', async () => {
  const bridge = await start({})
  expect(await healthOf(bridge)).toEqual({
    status: 'ok',
    version: VERSION,
    use: 'direct',
    tunnel: 'off',
    connected: false,
    uptime_seconds: expect.any(Number),
    proxy_port: bridge.agentPort,
  })
})

test('with a tunnel, health says where its server is and whether it is connected, and no file', async () => {
  const certs = await makeTunnelCerts(onTestFinished)
  const server = await startTestServer(certs)
  onTestFinished(() => server.close(0))
  const at = `127.0.0.1:${server.port}`
  const mtls = mtlsTo(at, certs)
  const bridge = await start({ use: 'mtls', mtls })
  await inPhase(bridge, 'connected')
  expect(await healthOf(bridge)).toEqual({
    status: 'ok',
    version: VERSION,
    use: 'mtls',
    tunnel: 'connected',
    connected: true,
    uptime_seconds: expect.any(Number),
    proxy_port: bridge.agentPort,
    server_addr: at,
  })

  await server.close(0)
  await inPhase(bridge, 'reconnecting')
  expect(await healthOf(bridge)).toMatchObject({ tunnel: 'reconnecting', connected: false, server_addr: at })
})

test('a proxy that stays closed says so in health', async () => {
  const health = await healthOf(await start({ passwordFile: '/nowhere/password' }))
  expect(health).toMatchObject({ status: 'failing', tunnel: 'failed', connected: false })
  expect(health).not.toHaveProperty('server_addr')
})

test('the uptime counts whole seconds, also across a change of the settings', async () => {
  const bridge = await start({})
  const uptime = async () => (await healthOf(bridge)).uptime_seconds
  await expect.poll(uptime, { timeout: 20_000, interval: 200 }).toBeGreaterThanOrEqual(2)
  const [profile] = bridge.bridge.settings.profiles
  const egress = { bypass: ['*.lan'] }
  await bridge.bridge.applySettings(settingsSchema.parse({ profiles: [{ ...profile, egress }] }))
  const after = await uptime()
  expect(after).toBeGreaterThanOrEqual(2)
  expect(Number.isInteger(after)).toBe(true)
})
