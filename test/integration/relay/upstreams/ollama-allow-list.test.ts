import { describe, expect, test } from 'vitest'
import { ask } from '../../../support/ask.ts'
import { rawHttp } from '../../../support/raw-http.ts'
import { startOllamaRelay } from '../../../support/start-ollama-relay.ts'

const MODEL = 'qwen3:8b'
const CHANGES = [
  '/api/pull',
  '/api/push',
  '/api/delete',
  '/api/create',
  '/api/copy',
  '/api/blobs/sha256:abc',
  '/api/me',
  '/api/signout',
  '/api/user/keys/a',
  '/api/status',
  '/api/experimental/web_search',
  '/api/experimental/web_fetch',
  '/v1/audio/transcriptions',
  '/v1/models/qwen3:8b',
  '/debug/pprof/',
  '/metrics',
]
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'QUERY']

test.each(CHANGES)('%s of Ollama is closed for every method', async (path) => {
  const { url, ollama } = await startOllamaRelay()
  for (const method of METHODS) {
    const body = method === 'GET' || method === 'HEAD' ? '' : JSON.stringify({ model: MODEL, name: MODEL })
    const headers = { 'content-length': String(body.length) }
    const answer = await ask(`${url}/ollama${path}`, { method, body, headers })
    expect([method, answer.status, answer.headers['x-relay-error']]).toEqual([
      method,
      403,
      'ollama.path-refused',
    ])
    expect(answer.headers['x-relay-remedy']).toContain('sovereign ollama pull')
  }
  expect(ollama.requests).toEqual([])
})

/** Every way in which a path that is open or closed might be written by somebody who wants in. */
const TRICKS = [
  'POST /ollama/api/./pull',
  'POST /ollama/api/chat/../pull',
  'POST /ollama/api/chat/%2e%2e/pull',
  'POST /ollama/api/chat/..%2fpull',
  'POST /ollama/api/%70ull',
  'POST /ollama/api%2fpull',
  'POST /ollama//api/pull',
  'POST /ollama/api//pull',
  'POST //ollama/api/pull',
  'POST /ollama/api/pull/',
  'POST /ollama/api/pull?x=/api/chat',
  'POST /ollama/api/pull;/api/chat',
  'POST /ollama/api/pull%00/api/chat',
  'POST /ollama/api/chat%0d%0aX:%201/pull',
  'POST /ollama\\api\\pull',
  'POST /OLLAMA/api/pull',
  'POST /Ollama/API/PULL',
  'POST /ollama/API/chat',
  'POST /ollama/api/Chat',
  'POST /ollama/api/chat/',
  'POST /ollama/v1/../api/pull',
  'POST /ollama/v1//chat/completions',
  'DELETE /ollama/api/./delete',
  'DELETE /ollama/api/tags',
  'PUT /ollama/api/tags',
  'POST /ollama/api/tags',
  'GET /ollama/api/chat',
  'POST http://ollama.example:11434/api/pull',
  'POST http://localhost/ollama/api/pull',
  'POST http://localhost//ollama/api/pull',
  'POST /api/pull',
  'DELETE /api/delete',
  'POST /v1/../ollama/api/pull',
  'POST /providers/ollama/v1/chat/completions',
  'POST /providers/ollama/v1/../../api/pull',
]

test.each(TRICKS)('%s leads nowhere', async (line) => {
  const { port, ollama } = await startOllamaRelay()
  const body = JSON.stringify({ model: MODEL, name: MODEL, messages: [] })
  const overrides =
    'X-HTTP-Method-Override: DELETE\r\nX-Original-URL: /api/delete\r\nX-Rewrite-URL: /api/delete'
  const answer = await rawHttp(
    port,
    `${line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${overrides}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  )
  expect(answer).toMatch(/^HTTP\/1\.1 4(?:00|03|04|05) /)
  expect(ollama.requests).toEqual([])
})

test('a header that asks for another method changes none', async () => {
  const { post, ollama } = await startOllamaRelay()
  const headers = { 'x-http-method-override': 'DELETE', 'x-method-override': 'DELETE', _method: 'DELETE' }
  expect((await post('/ollama/api/chat', { model: MODEL, messages: [] }, headers)).status).toBe(200)
  expect(ollama.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
    'GET /api/tags',
    'POST /api/show',
    'POST /api/chat',
  ])
  expect(ollama.installed()).toContain(MODEL)
})

describe('what clients of Ollama read', () => {
  test('is there, also for HEAD', async () => {
    const { url, ollama } = await startOllamaRelay()
    const get = (path: string, method = 'GET') => ask(`${url}/ollama${path}`, { method })
    for (const path of ['', '/']) {
      const answer = await get(path)
      expect([answer.status, answer.text]).toEqual([200, 'Ollama is running'])
      expect((await get(path, 'HEAD')).status).toBe(200)
    }
    for (const path of ['/api/version', '/api/tags', '/api/ps']) {
      expect(JSON.parse((await get(path)).text)).toEqual(JSON.parse((await ask(`${ollama.url}${path}`)).text))
      expect((await get(path, 'HEAD')).status).toBe(200)
    }
    const shown = await ask(`${url}/ollama/api/show`, { body: { name: MODEL } })
    expect(JSON.parse(shown.text)).toMatchObject({ capabilities: ['completion', 'tools'] })
    expect(JSON.parse((await get('/v1/models')).text)).toMatchObject({ data: [{ id: MODEL }, {}] })
  })

  test('needs a client token where the relay asks for one, and none for anybody else', async () => {
    const { url, relay, post } = await startOllamaRelay()
    const { adminRequest } = await import('../../../../src/node/admin-client.ts')
    const { body } = await adminRequest(relay.adminSocketPath, 'POST', '/admin/clients', { name: 'vm-1' })
    const { token } = body as { token: string }
    await adminRequest(relay.adminSocketPath, 'POST', '/admin/clients/require', { required: true })
    for (const path of ['/ollama/', '/ollama/api/tags', '/ollama/api/pull'])
      expect((await ask(`${url}${path}`)).status).toBe(401)
    const headers = { authorization: `Bearer ${token}` }
    expect((await ask(`${url}/ollama/api/tags`, { headers })).status).toBe(200)
    expect((await post('/ollama/api/pull', { model: 'x' }, headers)).status).toBe(403)
    expect((await post('/admin/ollama/pull', { model: 'x' }, headers)).status).toBe(403)
  })

  test('is closed to web pages, as all of the relay', async () => {
    const { url } = await startOllamaRelay()
    for (const headers of [{ origin: 'https://page.example' }, { origin: 'null' }, { host: 'evil.example' }])
      expect((await ask(`${url}/ollama/api/tags`, { headers })).status).toBe(403)
  })
})

describe('a list of models that are open', () => {
  const models = ['qwen3:8b', 'llama3:latest', 'hf.co/x/y:Q4', 'secret:1b'].map((name) => ({
    name,
    digest: name,
  }))
  const config = { models: ['qwen3:*', 'llama3', 'hf.co/x/*'] }

  test('hides all others', async () => {
    const { url } = await startOllamaRelay(
      { models, loaded: [{ name: 'secret:1b' }, { name: 'qwen3:8b' }] },
      config,
    )
    const names = async (path: string) => {
      const { models: all, data } = JSON.parse((await ask(`${url}${path}`)).text) as {
        models?: { name: string }[]
        data?: { id: string }[]
      }
      return all?.map(({ name }) => name) ?? data?.map(({ id }) => id)
    }
    expect(await names('/ollama/api/tags')).toEqual(['qwen3:8b', 'llama3:latest', 'hf.co/x/y:Q4'])
    expect(await names('/ollama/api/ps')).toEqual(['qwen3:8b'])
    expect((await names('/v1/models'))?.filter((id) => id.startsWith('ollama/'))).toEqual([
      'ollama/qwen3:8b',
      'ollama/llama3:latest',
      'ollama/hf.co/x/y:Q4',
    ])
  })

  test('refuses all others, under whatever name', async () => {
    const { post, ollama } = await startOllamaRelay({ models }, config)
    for (const model of [
      'secret:1b',
      'library/secret:1b',
      'SECRET:1B',
      'registry.ollama.ai/library/secret:1b',
    ]) {
      for (const path of ['/ollama/api/chat', '/ollama/api/show', '/ollama/v1/chat/completions'])
        expect((await post(path, { model, messages: [] })).headers['x-relay-error']).toBe(
          'ollama.model-closed',
        )
      const routed = await post('/v1/chat/completions', { model: `ollama/${model}`, messages: [] })
      expect([routed.status, routed.headers['x-relay-error']]).toEqual([403, 'ollama.model-closed'])
    }
    expect(ollama.requests).toEqual([])
    for (const model of ['qwen3:8b', 'llama3', 'llama3:latest', 'hf.co/x/y:Q4'])
      expect((await post('/ollama/api/chat', { model, messages: [] })).status).toBe(200)
  })
})

test.each([{ MODEL: 'secret:1b' }, { Model: 'secret:1b' }, { 'mod\u0045l': 'secret:1b' }])(
  'a second model in other letters is refused: %j',
  async (extra) => {
    const { post, ollama } = await startOllamaRelay()
    for (const path of ['/ollama/api/chat', '/ollama/api/generate', '/ollama/api/embed', '/ollama/api/show'])
      expect((await post(path, { model: MODEL, ...extra })).headers['x-relay-error']).toBe(
        'relay.body-invalid',
      )
    const routed = await post('/v1/messages', {
      model: `ollama/${MODEL}`,
      max_tokens: 1,
      messages: [],
      ...extra,
    })
    expect(routed.status).toBe(400)
    expect(ollama.requests).toEqual([])
  },
)

test.each([
  '',
  ' qwen3:8b',
  'qwen3:8b ',
  'qwen3:8b\u0000',
  'qw\u2028en',
  'a b',
  '../etc',
  `a${'b'.repeat(400)}`,
])('a name that no model has is refused before Ollama sees it: %j', async (model) => {
  const { post, ollama } = await startOllamaRelay({}, { local_only: false })
  expect((await post('/ollama/api/chat', { model, messages: [] })).status).toBe(400)
  expect(ollama.requests).toEqual([])
})
