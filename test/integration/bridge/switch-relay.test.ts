import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import type { BridgeState } from '../../../src/shared/state/bridge-state.ts'
import { isRelaySwitchedOff, mayRetry } from '../../../src/shared/state/part-health.ts'
import { troublesOf } from '../../../src/shared/state/troubles.ts'
import { freePort } from '../../support/free-port.ts'
import { isHealthy, isProven, startBridge, type TestBridge } from '../../support/start-bridge.ts'
import { startTestRelay, type TestRelay } from '../../support/start-relay.ts'
import { type Sshd, startSshd } from '../../support/start-sshd.ts'

let vm: Sshd
let relay: TestRelay

beforeAll(async () => {
  vm = await startSshd()
  relay = await startTestRelay()
})
afterAll(async () => {
  await vm.close()
  await relay.close()
})

interface Started extends TestBridge {
  readonly port: number
  /** What a program on the client gets. */
  ask(): Promise<{ readonly status: number; readonly text: string }>
}

async function start(profile: Readonly<Record<string, unknown>>): Promise<Started> {
  const port = await freePort()
  const clients = [{ name: 'vm', ssh: 'vm', listen: `127.0.0.1:${port}` }]
  const started = await startBridge({
    teardown: onTestFinished,
    hosts: { vm },
    profile: { clients, ...profile },
  })
  await started.bridge.connect()
  await started.state(isProven, 'a proven path')
  const ask = async (): Promise<{ status: number; text: string }> => {
    const answer = await fetch(`http://127.0.0.1:${port}/health`)
    return { status: answer.status, text: await answer.text() }
  }
  return { ...started, port, ask }
}

function clientSince({ clients: [client] }: BridgeState): number | undefined {
  return client?.link.phase === 'connected' ? client.link.since : undefined
}

test.each<[string, () => Readonly<Record<string, unknown>>]>([
  ['at a URL', () => ({ relay: { url: relay.url } })],
  ['in the bridge itself', () => ({})],
])('a relay %s is switched off and on while its client stays connected', async (_where, profile) => {
  const { bridge, state, ask } = await start(profile())
  const since = clientSince(bridge.state)
  expect(since).toBeDefined()

  await bridge.api.setRelayEnabled({ enabled: false })
  const off = await state(isRelaySwitchedOff, 'a relay that is off')
  expect(off).toMatchObject({ wanted: 'connected', relay: { health: { kind: 'unknown' } } })
  expect(troublesOf(off)).toMatchObject([{ kind: 'relay', urgency: 'limited', affects: ['vm'] }])
  const refused = await ask()
  expect(refused.status).toBe(503)
  expect(JSON.parse(refused.text)).toMatchObject({ error: { code: 'relay.switched-off' } })

  await bridge.api.setRelayEnabled({ enabled: true })
  await state(isHealthy, 'relay health')
  expect(await ask()).toMatchObject({ status: 200 })
  expect(clientSince(bridge.state)).toBe(since)
})

test('trying it again or connecting anew switches it on, and trying everything again does not', async () => {
  const { bridge, state } = await start({ relay: { url: relay.url } })
  await bridge.api.setRelayEnabled({ enabled: false })
  await state(isRelaySwitchedOff, 'a relay that is off')
  await bridge.api.retryNow({})
  expect(isRelaySwitchedOff(bridge.state)).toBe(true)
  expect(mayRetry(bridge.state)).toBe(false)
  await bridge.api.retryNow({ target: 'relay' })
  await state(isHealthy, 'relay health')

  await bridge.api.setRelayEnabled({ enabled: false })
  await state(isRelaySwitchedOff, 'a relay that is off')
  await bridge.disconnect(0)
  await bridge.connect()
  await state(isHealthy, 'relay health')
})

test('a relay that is off stays off while the settings give it another place', async () => {
  const { agentPort, bridge, state } = await start({ relay: { url: relay.url } })
  await bridge.api.setRelayEnabled({ enabled: false })
  await state(isRelaySwitchedOff, 'a relay that is off')
  const changed = { agent: { listen: `127.0.0.1:${agentPort}` }, relay: { embedded: true } }
  await bridge.api.saveSettings({ text: JSON.stringify({ profiles: [changed] }) })
  expect(bridge.state.relay).toMatchObject({ kind: 'embedded', link: { phase: 'failed' } })
  expect(isRelaySwitchedOff(bridge.state)).toBe(true)
  await bridge.api.setRelayEnabled({ enabled: true })
  await state(isHealthy, 'relay health')
})
