import { describe, expect, test } from 'vitest'
import { ask } from '../../../support/ask.ts'
import { fakeAmbient } from '../../../support/fake-ambient.ts'
import { startOllamaRelay } from '../../../support/start-ollama-relay.ts'

const REMOTE = { remote_host: 'https://ollama.com:443', remote_model: 'gpt-oss:120b' }
const models = [
  { name: 'qwen3:8b', model: 'qwen3:8b', digest: 'a1' },
  { name: 'gpt-oss:120b-cloud', digest: 'b2', size: 384, ...REMOTE },
  { name: 'mine:latest', digest: 'c3', size: 384, ...REMOTE },
]
const SAY = [{ role: 'user', content: 'a secret' }]

/** Nothing of a prompt may have reached Ollama. */
const NOTHING_SENT = expect.not.stringContaining('secret') as string

describe('while the relay stays local', () => {
  test.each([
    'gpt-oss:120b-cloud',
    'GPT-OSS:120B-CLOUD',
    'glm-4.6:cloud',
    'qwen3:8b:cloud',
    'qwen3:Cloud',
    'library/gpt-oss:120b-cloud',
    'mine',
    'mine:latest',
    'MINE:latest',
    'library/mine',
    'registry.ollama.ai/library/mine:latest',
  ])('%s is refused on every way', async (model) => {
    const { post, ollama, counted } = await startOllamaRelay({ models })
    const asked = { model, messages: SAY, prompt: 'a secret', input: 'a secret', max_tokens: 5 }
    for (const path of ['/api/chat', '/api/generate', '/api/embed', '/v1/chat/completions', '/v1/messages']) {
      const answer = await post(`/ollama${path}`, asked)
      expect([answer.status, answer.headers['x-relay-error']]).toEqual([403, 'ollama.cloud-refused'])
    }
    expect((await post('/ollama/api/show', { model })).headers['x-relay-error']).toBe('ollama.cloud-refused')
    for (const path of ['/v1/chat/completions', '/v1/responses', '/v1/messages', '/v1/completions'])
      expect((await post(path, { ...asked, model: `ollama/${model}` })).status).toBe(403)
    expect(ollama.asked()).toEqual([])
    expect(JSON.stringify(ollama.requests.map(({ body }) => body.toString()))).toEqual(NOTHING_SENT)
    expect(await counted()).toEqual([])
  })

  test('a name that says cloud is not even shown to Ollama, which would ask ollama.com about it', async () => {
    const { post, ollama } = await startOllamaRelay({ models })
    await post('/ollama/api/show', { model: 'glm-4.6:cloud' })
    await post('/v1/chat/completions', { model: 'ollama/glm-4.6:cloud', messages: SAY })
    expect(ollama.requests).toEqual([])
  })

  test('a copy that the list does not tell apart is found out, and only asked about once', async () => {
    const { post, ollama } = await startOllamaRelay({ models, traps: { hidesRemote: true } })
    for (let times = 0; times < 3; times++)
      expect((await post('/ollama/api/chat', { model: 'mine', messages: SAY })).status).toBe(403)
    expect(ollama.requests.map(({ path }) => path)).toEqual(['/api/tags', '/api/show'])
  })

  test('what cannot be found out is refused', async () => {
    const { post, ollama } = await startOllamaRelay({ models })
    const refusing = async (broken: string, status: number, body: string): Promise<number> => {
      ollama.behave((request, response) => {
        const isBroken = request.path === broken
        response.writeHead(isBroken ? status : 200, { 'content-type': 'application/json' })
        response.end(isBroken ? body : JSON.stringify({ models }))
      })
      return (await post('/ollama/api/chat', { model: 'qwen3:8b', messages: SAY })).status
    }
    expect(await refusing('/api/tags', 500, '{"error":"disk"}')).toBe(502)
    expect(await refusing('/api/tags', 200, '<html>')).toBe(502)
    expect(await refusing('/api/show', 500, '{"error":"disk"}')).toBe(502)
    expect(await refusing('/api/show', 404, '{"error":"model not found"}')).toBe(404)
    expect(await refusing('/api/show', 200, '[]')).toBe(502)
    expect(ollama.asked()).toEqual([])
    ollama.behave(undefined)
    expect((await post('/ollama/api/chat', { model: 'qwen3:8b', messages: SAY })).status).toBe(200)
  })

  test('a model that was replaced is looked at again', async () => {
    const ambient = fakeAmbient()
    const { post, ollama } = await startOllamaRelay({ models }, {}, { ambient })
    const asks = async () => (await post('/ollama/api/chat', { model: 'other:1b', messages: SAY })).status
    const copy = (source: string) =>
      ask(`${ollama.url}/api/copy`, { body: { source, destination: 'other:1b' } })
    expect(await asks()).toBe(404)
    await copy('qwen3:8b')
    ambient.pass(16_000)
    expect(await asks()).toBe(200)
    await copy('mine')
    ambient.pass(16_000)
    expect(await asks()).toBe(403)
  })

  test.each([
    ['/v1/messages', [{ type: 'web_search_20250305', name: 'web_search' }]],
    ['/v1/responses', [{ type: 'function', name: 'a' }, { type: 'web_search' }]],
    ['/v1/messages', [{ Type: ' web_search_20250305' }]],
  ])('a search of the web is refused on %s: %j', async (path, tools) => {
    const { post, ollama } = await startOllamaRelay({ models })
    for (const key of ['tools', 'Tools', 'tool\u017f']) {
      const answer = await post(path, { model: 'ollama/qwen3:8b', messages: SAY, input: 'x', [key]: tools })
      expect([answer.status, answer.headers['x-relay-error']]).toEqual([403, 'ollama.cloud-refused'])
    }
    expect(ollama.asked()).toEqual([])
    const own = { tools: [{ type: 'function', name: 'web_search_of_mine', parameters: {} }] }
    expect((await post(path, { model: 'ollama/qwen3:8b', messages: SAY, input: 'x', ...own })).status).toBe(
      200,
    )
  })

  test('cloud models are marked in the list, and have no form in which they can be called', async () => {
    const { url } = await startOllamaRelay({ models })
    const { data } = JSON.parse((await ask(`${url}/v1/models`)).text) as { data: { id: string }[] }
    expect(data.filter(({ id }) => id.startsWith('ollama/'))).toMatchObject([
      { id: 'ollama/qwen3:8b', cloud: false, pricing: { prompt: '0' } },
      { id: 'ollama/gpt-oss:120b-cloud', cloud: true, refused: 'local-only', supported_endpoints: [] },
      { id: 'ollama/mine:latest', cloud: true, refused: 'local-only', supported_endpoints: [] },
    ])
  })
})

describe('where the owner allows ollama.com', () => {
  test('cloud models answer, and what they cost is not said to be known', async () => {
    const { post, counted, url } = await startOllamaRelay({ models }, { local_only: false })
    for (const model of ['mine', 'qwen3:8b'])
      expect((await post('/ollama/api/chat', { model, messages: SAY })).status).toBe(200)
    expect((await counted()).map(({ costUsd }) => costUsd)).toEqual([0, null])
    const { data } = JSON.parse((await ask(`${url}/v1/models`)).text) as { data: object[] }
    expect(data).toContainEqual(expect.objectContaining({ id: 'ollama/mine:latest', cloud: true }))
    expect(data.some((entry) => 'refused' in entry)).toBe(false)
  })

  test('an Ollama that is signed out says so, without its address for signing in', async () => {
    const { post, ollama } = await startOllamaRelay(
      { models, traps: { cloud: 'signed-out' } },
      { local_only: false },
    )
    for (const path of ['/ollama/api/chat', '/ollama/v1/messages']) {
      const answer = await post(path, { model: 'mine', messages: SAY, max_tokens: 5 })
      expect([answer.status, answer.headers['x-relay-error']]).toEqual([401, 'ollama.signed-out'])
      expect(answer.headers['x-relay-remedy']).toContain('ollama signin')
      expect(answer.text).not.toContain('ollama.com/connect')
    }
    ollama.set({ cloud: 'off' })
    const off = await post('/ollama/api/chat', { model: 'mine', messages: SAY })
    expect([off.status, off.headers['x-relay-error']]).toEqual([403, 'upstream.forbidden'])
    expect(off.text).toContain('ollama cloud is disabled')
  })
})
