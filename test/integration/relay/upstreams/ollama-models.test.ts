import { buffer } from 'node:stream/consumers'
import { describe, expect, test } from 'vitest'
import { tarOf } from '../../../../src/relay/setup/tar.ts'
import { ask } from '../../../support/ask.ts'
import { fakeAmbient } from '../../../support/fake-ambient.ts'
import { type OllamaRelay, startOllamaRelay } from '../../../support/start-ollama-relay.ts'

const DETAILS = { family: 'qwen3', parameter_size: '8.2B', quantization_level: 'Q4_K_M' }
const models = [
  {
    name: 'coder:30b',
    digest: 'a',
    size: 5_000_000_000,
    modified_at: '2026-11-01T08:00:00Z',
    details: DETAILS,
  },
  { name: 'long:8b', digest: 'b', details: DETAILS },
  { name: 'nomic:latest', digest: 'c' },
  {
    name: 'gpt-oss:120b-cloud',
    digest: 'd',
    remote_host: 'https://ollama.com',
    remote_model: 'gpt-oss:120b',
  },
]
const shows = {
  'coder:30b': {
    capabilities: ['completion', 'tools', 'vision', 'thinking'],
    model_info: { 'general.architecture': 'qwen3', 'qwen3.context_length': 262_144 },
  },
  'long:8b': {
    capabilities: ['completion', 'tools'],
    parameters: 'stop    "<|im_end|>"\nnum_ctx    131072',
    model_info: { 'qwen3.context_length': 40_960 },
  },
  'nomic:latest': { capabilities: ['embedding'], model_info: { 'nomic-bert.context_length': 2048 } },
}
const loaded = [{ name: 'coder:30b', context_length: 65_536, expires_at: '2026-11-21T12:05:00Z' }]

interface Listed {
  readonly id: string
}

async function listed({ url }: OllamaRelay): Promise<readonly Listed[]> {
  const { data } = JSON.parse((await ask(`${url}/v1/models`)).text) as { data: Listed[] }
  return data.filter(({ id }) => id.startsWith('ollama/'))
}

describe('a list of models', () => {
  test('says of each what can be known', async () => {
    const relay = await startOllamaRelay({ models, shows, loaded })
    expect(await listed(relay)).toMatchObject([
      {
        id: 'ollama/coder:30b',
        object: 'model',
        owned_by: 'ollama',
        created: 1_793_520_000,
        context_length: 65_536,
        max_context_length: 262_144,
        short_context: false,
        capabilities: ['completion', 'tools', 'vision', 'thinking'],
        parameter_size: '8.2B',
        quantization: 'Q4_K_M',
        size: 5_000_000_000,
        loaded: true,
        loaded_until: '2026-11-21T12:05:00Z',
        cloud: false,
        pricing: { prompt: '0', completion: '0' },
        architecture: { input_modalities: ['text', 'image'] },
        supported_parameters: ['tools', 'reasoning'],
      },
      // No model sees more than it was made for, whatever its file says.
      { id: 'ollama/long:8b', context_length: 40_960, short_context: true, loaded: false },
      { id: 'ollama/nomic:latest', supported_endpoints: ['/embeddings'], context_length: null },
      { id: 'ollama/gpt-oss:120b-cloud', cloud: true, supported_endpoints: [] },
    ])
    expect(relay.logged()).toContain('longer prompts are cut without a word')
  })

  test('takes the context that the owner names for what is not loaded', async () => {
    const relay = await startOllamaRelay(
      { models, shows, loaded: [] },
      { context_length: 32_000, context_warning: 0 },
    )
    expect(await listed(relay)).toMatchObject([
      { context_length: 32_000, short_context: false },
      { context_length: 40_960 },
      { context_length: 2048 },
      { context_length: null },
    ])
  })

  test('asks Ollama once for as long as it is fresh, and about a model once for ever', async () => {
    const ambient = fakeAmbient()
    const relay = await startOllamaRelay({ models, shows }, {}, { ambient })
    const asked = (path: string) => relay.ollama.requests.filter((each) => each.path === path).length
    for (let times = 0; times < 3; times++) await listed(relay)
    expect([asked('/api/tags'), asked('/api/ps'), asked('/api/show')]).toEqual([1, 1, 3])
    ambient.pass(16_000)
    await listed(relay)
    expect([asked('/api/tags'), asked('/api/ps'), asked('/api/show')]).toEqual([2, 2, 3])
  })

  test('goes on without what an old Ollama does not tell', async () => {
    const relay = await startOllamaRelay()
    relay.ollama.behave(({ path }, response) => {
      response.writeHead(path === '/api/tags' ? 200 : 404, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ models: [{ name: 'old:7b' }, { no: 'name' }, null] }))
    })
    expect(await listed(relay)).toMatchObject([
      { id: 'ollama/old:7b', context_length: null, capabilities: null, loaded: false },
    ])
  })

  test('has each model under its own name too, with slashes and colons', async () => {
    const name = 'hf.co/unsloth/Qwen3-8B-GGUF:Q4_K_M'
    const { url } = await startOllamaRelay({ models: [{ name, digest: 'x' }] })
    for (const path of [`ollama/${name}`, encodeURIComponent(`ollama/${name}`)])
      expect(JSON.parse((await ask(`${url}/v1/models/${path}`)).text)).toMatchObject({ id: `ollama/${name}` })
    expect((await ask(`${url}/v1/models/ollama/nobody`)).status).toBe(404)
  })

  test('that does not come is left out, and the others are there', async () => {
    const { url, ollama } = await startOllamaRelay()
    await ollama.close()
    const answer = await ask(`${url}/v1/models`)
    expect(answer.status).toBe(200)
    expect(answer.text).toContain('gpt-4.1')
    expect(answer.text).not.toContain('ollama/')
  })
})

test('a model is not called in a form that it does not have', async () => {
  const relay = await startOllamaRelay({ models, shows })
  await listed(relay)
  const answer = await relay.post('/v1/chat/completions', { model: 'ollama/nomic:latest', messages: [] })
  expect([answer.status, answer.headers['x-relay-error']]).toEqual([400, 'relay.wrong-endpoint'])
  expect((await relay.post('/v1/embeddings', { model: 'ollama/nomic:latest', input: 'x' })).status).toBe(200)
})

describe('the client set-up', () => {
  const settings = async ({ url }: OllamaRelay, client: string) =>
    (await ask(`${url}/setup?client=${client}`)).text
  const merged = async ({ url }: OllamaRelay) => {
    const body = await buffer(tarOf([{ name: 'current', mode: 0o600, content: Buffer.from('{}\n') }]))
    return (await ask(`${url}/setup/opencode/merge`, { body })).text
  }

  test('offers local models with their context and what they can do', async () => {
    const relay = await startOllamaRelay({ models, shows, loaded })
    const config = await merged(relay)
    const of = (name: string) => config.slice(config.indexOf(`"ollama/${name}"`)).slice(0, 600)
    expect(of('coder:30b')).toContain('"context": 65536')
    expect(of('coder:30b')).toMatch(/"attachment": true,\s+"reasoning": true,\s+"tool_call": true/)
    expect(of('long:8b')).toContain('"context": 40960')
    expect(config).not.toContain('nomic')
    expect(config).not.toContain('-cloud')
    expect(config).toContain('Too little context for agents: ollama/long:8b.')
  })

  test('is enough with Ollama alone, for every client', async () => {
    const relay = await startOllamaRelay({ models, shows, loaded }, {}, { signedIn: false })
    expect(await settings(relay, 'aider')).toContain('openai/ollama/coder:30b')
    expect(await settings(relay, 'claude')).toContain("ANTHROPIC_DEFAULT_SONNET_MODEL='ollama/coder:30b'")
    const codex = await settings(relay, 'codex')
    expect(codex).toContain('model = "ollama/coder:30b"')
    expect(codex).toContain('model_context_window = 65536')
    // It would send one with everything, and Ollama searches at ollama.com.
    expect(codex).toContain('web_search = "disabled"')
    expect(await settings(relay, 'continue')).toContain('contextLength: 65536')
  })

  test('says where a context is not known', async () => {
    const relay = await startOllamaRelay({ models: models.slice(0, 1), shows, loaded: [] })
    expect(await merged(relay)).toContain('Context not known before it is loaded: ollama/coder:30b.')
  })
})
