import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestRelay, type TestRelay } from '../support/start-relay.ts'
import { type FakeOllama, startFakeOllama } from '../support/upstreams/fake-ollama.ts'
import { ollamaContract } from './ollama.ts'

const MODEL = 'qwen3:8b'

describe('the stand-in', () => {
  let ollama: FakeOllama
  let relay: TestRelay
  beforeAll(async () => {
    ollama = await startFakeOllama()
    relay = await startTestRelay({ config: { ollama: { url: ollama.url } } })
  })
  afterAll(async () => {
    await relay.close()
    await ollama.close()
  })
  ollamaContract('Ollama', async () => ({ url: ollama.url, model: MODEL, isOnLoopback: true }), true)
  const behind = async () => ({ url: `${relay.url}/ollama`, model: MODEL, isOnLoopback: true })
  ollamaContract('Ollama behind the relay', behind, false)
})

/** Address of an Ollama that may be used, and optionally which of its models: it is loaded and let go of. */
const { OLLAMA_TEST_URL: url, OLLAMA_TEST_MODEL: named } = process.env

if (url === undefined)
  console.warn(
    'SKIPPED: the contract with a real Ollama. OLLAMA_TEST_URL names none, such as http://127.0.0.1:11434.',
  )

describe.skipIf(url === undefined)(`the real one at ${url}`, () => {
  let relay: TestRelay
  let model = named ?? ''
  beforeAll(async () => {
    relay = await startTestRelay({ config: { ollama: { url } } })
    model = named ?? (await firstModel(url ?? ''))
  })
  afterAll(() => relay.close())
  const isOnLoopback = /^https?:\/\/(?:localhost|127\.|\[::1\])/.test(url ?? '')
  ollamaContract('Ollama', async () => ({ url: url ?? '', model, isOnLoopback }), true)
  ollamaContract(
    'Ollama behind the relay',
    async () => ({ url: `${relay.url}/ollama`, model, isOnLoopback }),
    false,
  )

  test('is found with its models in the list of the relay', async () => {
    const list = await fetch(`${relay.url}/v1/models`).then((answer) => answer.text())
    expect(list).toContain(`ollama/${model}`)
  })
})

/** The smallest that writes text on that machine. */
async function firstModel(base: string): Promise<string> {
  const tags = (await fetch(`${base}/api/tags`).then((answer) => answer.json())) as {
    models: { name: string; size: number; remote_host?: string }[]
  }
  const local = tags.models.filter(({ remote_host }) => !remote_host).sort((a, b) => a.size - b.size)
  for (const { name } of local) {
    const body = JSON.stringify({ model: name })
    const shown = await fetch(`${base}/api/show`, { method: 'POST', body }).then((answer) => answer.text())
    if (/"capabilities":\[[^\]]*"completion"/.test(shown)) return name
  }
  throw new Error(`No model at ${base} writes text: pull one, such as qwen3:0.6b.`)
}
