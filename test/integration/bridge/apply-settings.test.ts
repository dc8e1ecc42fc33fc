import { readFile, writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import type { BridgeState } from '../../../src/shared/state/bridge-state.ts'
import { freePort } from '../../support/free-port.ts'
import { isHealthy, isProven, startBridge, type TestBridge } from '../../support/start-bridge.ts'
import { startTestRelay, type TestRelay } from '../../support/start-relay.ts'
import { type Sshd, startSshd } from '../../support/start-sshd.ts'

let pi: Sshd
let one: Sshd
let two: Sshd
let relay: TestRelay
let otherRelay: TestRelay

beforeAll(async () => {
  ;[pi, one, two] = await Promise.all([startSshd(), startSshd(), startSshd()])
  relay = await startTestRelay()
  otherRelay = await startTestRelay({ signedIn: false })
})
afterAll(async () => {
  await Promise.all([pi.close(), one.close(), two.close()])
  await relay.close()
  await otherRelay.close()
})

interface Started extends TestBridge {
  readonly ports: { readonly one: number; readonly two: number }
  /** The profile that it was started with. */
  readonly profile: Readonly<Record<string, unknown>>
  save(profile: Readonly<Record<string, unknown>>): Promise<void>
}

async function start(): Promise<Started> {
  const ports = { one: await freePort(), two: await freePort() }
  const profile = {
    name: 'home',
    relay: { ssh: 'pi', port: relay.port, adminSocket: relay.relay.adminSocketPath },
    clients: [
      { name: 'one', ssh: 'one', listen: `127.0.0.1:${ports.one}` },
      { name: 'two', ssh: 'two', listen: `127.0.0.1:${ports.two}` },
    ],
  }
  const started = await startBridge({ teardown: onTestFinished, hosts: { pi, one, two }, profile })
  const { agentPort, bridge, state } = started
  await bridge.connect()
  await state(isProven, 'proven paths')
  return {
    ...started,
    ports,
    profile,
    save: (changed) => {
      const whole = { agent: { listen: `127.0.0.1:${agentPort}` }, ...changed }
      return bridge.api.saveSettings({ text: JSON.stringify({ version: 1, profiles: [whole] }) })
    },
  }
}

/** When each connection to a client came up: another time means another connection. */
function connectedSince({ clients }: BridgeState): (number | undefined)[] {
  return clients.map(({ link }) => (link.phase === 'connected' ? link.since : undefined))
}

/** A chat whose words come slowly, over a connection that is open already. */
interface Chat {
  readonly isOver: boolean
  /** All that came, once it is over. */
  readonly whole: Promise<string>
}

const WORDS = Array.from({ length: 40 }, (_, index) => `w${index}`).join(' ')

async function startChat(port: number): Promise<Chat> {
  relay.copilot.script({ text: WORDS, chunkDelayMs: 100 })
  const response = await fetch(`http://127.0.0.1:${port}/v1/chat/completions`, {
    method: 'POST',
    body: JSON.stringify({ model: 'gpt-4.1', stream: true, messages: [{ role: 'user', content: 'hi' }] }),
  })
  let isOver = false
  const whole = response.text().finally(() => {
    isOver = true
  })
  whole.catch(() => undefined)
  return {
    get isOver() {
      return isOver
    },
    whole,
  }
}

async function healthAt(port: number): Promise<unknown> {
  return (await fetch(`http://127.0.0.1:${port}/health`)).json()
}

test('a stream through a client goes on while others are removed, added and renamed', async () => {
  const { save, profile, ports, bridge, state } = await start()
  const third = await freePort()
  const [since] = connectedSince(bridge.state)
  const chat = await startChat(ports.one)
  await save({
    ...profile,
    clients: [
      { name: 'three', ssh: 'two', listen: `127.0.0.1:${third}` },
      { name: 'uno', ssh: 'one', listen: `127.0.0.1:${ports.one}` },
    ],
  })
  expect(chat.isOver).toBe(false)
  expect(bridge.state.clients.map(({ name }) => name)).toEqual(['three', 'uno'])
  expect(connectedSince(bridge.state)[1]).toBe(since)
  await state(isProven, 'proven path of the new client')
  expect(await healthAt(third)).toMatchObject({ status: 'ok' })
  await expect(healthAt(ports.two)).rejects.toThrow()
  expect(await chat.whole).toMatch(/w39[\s\S]*\[DONE\]/)
})

test('another relay is taken without touching the tunnels, and the answers come from it', async () => {
  const { save, profile, ports, bridge, state, agentPort } = await start()
  const before = connectedSince(bridge.state)
  await save({ ...profile, relay: { ssh: 'pi', port: otherRelay.port } })
  expect(bridge.state.relay).toMatchObject({ place: `pi:${otherRelay.port}`, health: { kind: 'unknown' } })
  await state(isHealthy, 'health of the other relay')
  expect(connectedSince(bridge.state)).toEqual(before)
  for (const port of [ports.one, agentPort])
    expect(await healthAt(port)).toMatchObject({ upstreams: { copilot: false } })
})

test('another port on this computer is opened and the old one closed, while a stream goes on', async () => {
  const { save, profile, ports, state, agentPort } = await start()
  const chat = await startChat(ports.two)
  const other = await freePort()
  await save({ ...profile, agent: { listen: `127.0.0.1:${other}` } })
  await state(({ agent }) => agent.phase === 'listening' && agent.address.endsWith(`:${other}`), 'other port')
  expect(await healthAt(other)).toMatchObject({ status: 'ok' })
  await expect(healthAt(agentPort)).rejects.toThrow()
  expect(await chat.whole).toContain('[DONE]')
})

test('a client that moves to another port gets its new one from a connection of its own', async () => {
  const { save, profile, ports, state } = await start()
  const other = await freePort()
  await save({
    ...profile,
    clients: [
      { name: 'one', ssh: 'one', listen: `127.0.0.1:${other}` },
      { name: 'two', ssh: 'two', listen: `127.0.0.1:${ports.two}`, enabled: false },
    ],
  })
  await state(({ clients: [first] }) => first?.path.kind === 'proven', 'proven path to the other port')
  expect(await healthAt(other)).toMatchObject({ status: 'ok' })
  await state(({ clients }) => clients[1]?.link.phase === 'idle', 'end of the client that is left out')
})

test('the addresses of two clients that swap machines are free in time', async () => {
  const { save, profile, ports, state } = await start()
  const swapped = [
    { name: 'one', ssh: 'two', listen: `127.0.0.1:${ports.one}` },
    { name: 'two', ssh: 'one', listen: `127.0.0.1:${ports.two}` },
  ]
  await save({ ...profile, clients: swapped })
  await state(
    ({ clients }) => clients[0]?.place === 'two' && isProven({ clients } as BridgeState),
    'proven paths after the swap',
  )
})

test('settings with a mistake, or of a file that changed meanwhile, change nothing', async () => {
  const { bridge, settingsPath, save, profile } = await start()
  const { revision } = await bridge.api.getSettingsFile({})
  const before = connectedSince(bridge.state)
  await expect(save({ ...profile, clients: [{ name: 'x' }] })).rejects.toMatchObject({
    code: 'settings.invalid',
  })
  const theirs = `// mine\n${await readFile(settingsPath, 'utf8')}`
  await writeFile(settingsPath, theirs)
  const text = JSON.stringify({ profiles: [{ name: 'other' }] })
  await expect(bridge.api.saveSettings({ text, revision })).rejects.toMatchObject({
    code: 'settings.changed-on-disk',
  })
  expect(await readFile(settingsPath, 'utf8')).toBe(theirs)
  expect(connectedSince(bridge.state)).toEqual(before)
  expect((await bridge.api.getSettings({})).profiles[0]?.name).toBe('home')
})

test('settings that are saved while disconnected count from the next connect on', async () => {
  const { bridge, save, profile, ports, state } = await start()
  await bridge.disconnect(0)
  await save({ ...profile, clients: [{ name: 'solo', ssh: 'one', listen: `127.0.0.1:${ports.one}` }] })
  expect(bridge.state).toMatchObject({ wanted: 'disconnected', clients: [{ name: 'solo' }] })
  await bridge.connect()
  await state(isProven, 'proven path')
})
