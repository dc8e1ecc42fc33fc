import { expect, onTestFinished, test } from 'vitest'
import type { BridgeState } from '../../../src/shared/state/bridge-state.ts'
import { type Answer, ask } from '../../support/ask.ts'
import { startBridge } from '../../support/start-bridge.ts'
import { startOllama } from '../../support/start-ollama.ts'

const isRunning = ({ relay }: BridgeState): boolean => relay.link.phase === 'connected'

async function start(ollama: object | undefined, env: Readonly<Record<string, string>> = {}) {
  const profile = { name: 'home', relay: { embedded: true } }
  const { agentPort, bridge, state } = await startBridge({
    teardown: onTestFinished,
    profile: { ...profile, ...(ollama && { ollama }) },
    env,
  })
  await bridge.connect()
  await state(isRunning, 'a running relay')
  const chat = (model = 'qwen3:8b'): Promise<Answer> => {
    const messages = [{ role: 'user', content: 'Who is there?' }]
    return ask(`http://127.0.0.1:${agentPort}/ollama/api/chat`, { body: { model, messages, stream: false } })
  }
  const save = (next: object | undefined) => {
    const whole = { ...profile, agent: { listen: `127.0.0.1:${agentPort}` }, ...(next && { ollama: next }) }
    return bridge.api.saveSettings({ text: JSON.stringify({ version: 1, profiles: [whole] }) })
  }
  return { bridge, chat, save, state }
}

test('an Ollama that is only shown is no way for clients', async () => {
  const { url } = await startOllama()
  const { chat } = await start({ url })
  expect((await chat()).headers['x-relay-error']).toBe('ollama.not-configured')
})

test('an Ollama that is offered answers, and stays local', async () => {
  const { url } = await startOllama()
  const { chat } = await start({ url, offer: true })
  expect((await chat()).text).toContain('The model heard: Who is there?')
  expect((await chat('gpt-oss:120b-cloud')).headers['x-relay-error']).toBe('ollama.cloud-refused')
})

test('the choice counts at once, and the relay goes on', async () => {
  const [one, other] = [await startOllama(), await startOllama()]
  const { bridge, chat, save } = await start({ url: one.url })
  const { since } = bridge.state.relay.link as { since: number }
  await save({ url: one.url, offer: true })
  expect((await chat()).status).toBe(200)
  await save({ url: other.url, offer: true })
  expect((await chat()).status).toBe(200)
  expect([one.asked().length, other.asked().length]).toEqual([1, 1])
  await save(undefined)
  expect((await chat()).status).toBe(404)
  expect(bridge.state.relay.link).toMatchObject({ phase: 'connected', since })
})

test('an Ollama that the owner of the relay has named comes first', async () => {
  const [named, offered] = [await startOllama(), await startOllama()]
  const { chat } = await start({ url: offered.url, offer: true }, { OLLAMA_BASE_URL: named.url })
  expect((await chat()).status).toBe(200)
  expect([named.asked().length, offered.asked().length]).toEqual([1, 0])
})

test('after the relay was switched off and on again it is offered still', async () => {
  const { url } = await startOllama()
  const { bridge, chat, state } = await start({ url, offer: true })
  await bridge.api.setRelayEnabled({ enabled: false })
  await bridge.api.setRelayEnabled({ enabled: true })
  await state(isRunning, 'a running relay')
  expect((await chat()).status).toBe(200)
})
