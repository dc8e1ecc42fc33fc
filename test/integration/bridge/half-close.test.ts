import { once } from 'node:events'
import { copyFile, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { freePort } from '../../support/free-port.ts'
import { CHAT_REQUEST, halfClosed, openRaw } from '../../support/raw-http.ts'
import { isHealthy, isProven, startBridge } from '../../support/start-bridge.ts'
import { startTestRelay, type TestRelay } from '../../support/start-relay.ts'
import { type Sshd, startSshd } from '../../support/start-sshd.ts'

let relayHost: Sshd
let vm: Sshd
let relay: TestRelay
beforeAll(async () => {
  relayHost = await startSshd()
  vm = await startSshd()
  relay = await startTestRelay()
})
afterAll(async () => {
  await vm.close()
  await relayHost.close()
  await relay.close()
})

test('a program that ends its side after its request gets its whole answer over two SSH connections', async () => {
  const port = await freePort()
  const { bridge, state, agentPort } = await startBridge({
    teardown: onTestFinished,
    hosts: { vm, pi: relayHost },
    profile: {
      relay: { ssh: 'pi', port: relay.port },
      clients: [{ name: 'vm', ssh: 'vm', listen: `127.0.0.1:${port}` }],
    },
  })
  await bridge.connect()
  await state(isProven, 'proven path')
  for (const entry of [port, agentPort]) {
    relay.copilot.script({ text: 'one two three', firstDelayMs: 200 })
    expect(await halfClosed(entry, CHAT_REQUEST)).toMatch(/HTTP\/1\.1 200 [\s\S]*three[\s\S]*\[DONE\]/)
  }
})

test.each([
  ['over SSH', () => ({ ssh: 'pi', port: relay.port })],
  ['at a URL', () => ({ url: relay.url })],
  ['in the bridge', () => ({ embedded: true })],
])(
  'a program on a client machine that goes away takes its request with it: relay %s',
  async (_way, settings) => {
    const port = await freePort()
    const { bridge, state, dir } = await startBridge({
      teardown: onTestFinished,
      hosts: { vm, pi: relayHost },
      env: {
        GITHUB_BASE_URL: relay.github.url,
        GITHUB_API_BASE_URL: relay.github.url,
      },
      profile: {
        relay: settings(),
        clients: [{ name: 'vm', ssh: 'vm', listen: `127.0.0.1:${port}` }],
      },
    })
    await mkdir(join(dir, 'relay'))
    await copyFile(relay.configPath, join(dir, 'relay/config.json'))
    await bridge.connect()
    await state(isProven, 'proven path')
    for (const script of [
      { text: 'one two', end: 'stall' as const },
      { text: 'late', firstDelayMs: 60_000 },
    ]) {
      relay.copilot.script(script)
      const before = relay.copilot.requests.length
      const socket = await openRaw(port)
      socket.write(CHAT_REQUEST)
      await expect.poll(() => relay.copilot.requests.length, { timeout: 10_000 }).toBe(before + 1)
      if (script.end !== undefined) await once(socket, 'data')
      const leftAt = performance.now()
      socket.destroy()
      const sent = relay.copilot.requests.at(-1)
      await expect.poll(() => sent?.abandonedAt, { interval: 5, timeout: 10_000 }).toBeDefined()
      expect((sent?.abandonedAt ?? Number.POSITIVE_INFINITY) - leftAt).toBeLessThan(2000)
    }
  },
)

test('with the embedded relay a half-closed program gets its answer, and an idle connection holds up no end', async () => {
  const { bridge, state, agentPort } = await startBridge({ teardown: onTestFinished, profile: {} })
  await bridge.connect()
  await state(isHealthy, 'relay health')
  const health = 'GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n'
  expect(await halfClosed(agentPort, health)).toMatch(/^HTTP\/1\.1 200 [\s\S]*"status":"ok"/)
  const idle = await openRaw(agentPort)
  idle.write(health)
  await once(idle, 'data')
  const ended = once(idle, 'end')
  await bridge.disconnect(60_000)
  await ended
})
