import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ProxyAgent, request } from 'undici'
import { expect, onTestFinished, test } from 'vitest'
import { soon } from '../../support/soon.ts'
import { startTunnelSetUp } from '../../support/start-tunnel-set-up.ts'

async function startHost(): Promise<string> {
  const host = createServer((_request, response) => response.end('through the tunnel'))
  await new Promise<void>((resolve) => host.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    host.closeAllConnections()
    host.close()
  })
  return `http://127.0.0.1:${(host.address() as AddressInfo).port}`
}

async function ask(url: string, proxy: string): Promise<string> {
  const agent = new ProxyAgent({ uri: proxy, proxyTunnel: false })
  try {
    const { body } = await request(url, { dispatcher: agent })
    return await body.text()
  } finally {
    await agent.destroy()
  }
}

test('the first request wakes a tunnel server, and the end of the bridge ends it', async () => {
  const url = await startHost()
  const tunnel = await startTunnelSetUp({ connectPorts: [443] })
  onTestFinished(() => tunnel.close())
  const health = () => fetch(`${tunnel.healthUrl}/health`).then((answer) => answer.json())

  await tunnel.state(({ egress }) => egress.tunnel.phase === 'asleep', 'a tunnel that sleeps')
  await expect(health()).rejects.toThrow()

  expect(await ask(url, tunnel.url)).toBe('through the tunnel')
  const { egress } = await tunnel.state((state) => state.egress.tunnel.phase === 'connected', 'a connection')
  expect(egress.tunnel).toMatchObject({ protocol: 'h2', running: { since: expect.any(Number) } })
  expect(await health()).toMatchObject({ active_connections: 1 })
  const phases = tunnel.bridge
    .stdout()
    .match(/"tunnel":\{"phase":"\w+"/g)
    ?.map((text) => text.slice(19, -1))
  expect(phases).toContain('waking')

  await tunnel.bridge.stop()
  await expect(health()).rejects.toThrow()
}, 60_000)

test('a bridge that is killed outright takes its server with it, and the next one starts its own', async () => {
  const url = await startHost()
  const tunnel = await startTunnelSetUp({ connectPorts: [443] })
  onTestFinished(() => tunnel.close())
  const health = () => fetch(`${tunnel.healthUrl}/health`).then((answer) => answer.json())
  expect(await ask(url, tunnel.url)).toBe('through the tunnel')
  await tunnel.bridge.stop('SIGKILL')
  await soon(() => expect(health()).rejects.toThrow())

  await tunnel.startAgain()
  await tunnel.state(({ egress }) => egress.tunnel.phase === 'asleep', 'a tunnel that sleeps')
  await expect(health()).rejects.toThrow()
  expect(await ask(url, tunnel.url)).toBe('through the tunnel')
  expect(await health()).toMatchObject({ active_connections: 1 })
}, 60_000)
