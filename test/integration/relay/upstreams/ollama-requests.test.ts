import { describe, expect, test } from 'vitest'
import { ask, errorMessage, open } from '../../../support/ask.ts'
import { freePort } from '../../../support/free-port.ts'
import { startOllama } from '../../../support/start-ollama.ts'
import { startOllamaRelay } from '../../../support/start-ollama-relay.ts'
import { waitUntil } from '../../../support/start-sshd.ts'

const MODEL = 'qwen3:8b'
const SAY = [{ role: 'user', content: 'Who is there?' }]
const CHAT = { model: `ollama/${MODEL}`, messages: SAY }
const NATIVE = { model: MODEL, messages: SAY }
const HF = 'hf.co/unsloth/Qwen3-8B-GGUF:Q4_K_M'

interface Line {
  readonly error?: string
  readonly done?: boolean
  readonly relay?: { readonly code: string }
}
const linesOf = (text: string): readonly Line[] =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line)

describe('every form of inference', () => {
  test.each([
    ['/v1/chat/completions', CHAT],
    ['/v1/chat/completions', { ...CHAT, stream: true, stream_options: { include_usage: true } }],
    ['/v1/completions', { model: CHAT.model, prompt: 'def f(' }],
    ['/v1/embeddings', { model: CHAT.model, input: ['a', 'b'] }],
    ['/v1/responses', { model: CHAT.model, input: 'hi' }],
    ['/v1/responses', { model: CHAT.model, input: 'hi', stream: true }],
    ['/v1/messages', { ...CHAT, max_tokens: 9 }],
    ['/v1/messages', { ...CHAT, max_tokens: 9, stream: true }],
  ])('%s answers byte for byte as Ollama does', async (path, body) => {
    const { post, ollama } = await startOllamaRelay()
    const through = await post(path, body)
    const direct = await ask(`${ollama.url}${path}`, { body: { ...body, model: MODEL } })
    expect([through.status, through.text]).toEqual([200, direct.text])
    expect(through.headers['x-relay-upstream']).toBe('ollama')
    const below = await post(`/ollama${path}`, { ...body, model: MODEL })
    expect([below.status, below.text]).toEqual([200, direct.text])
  })

  test.each([
    ['/api/chat', NATIVE],
    ['/api/chat', { ...NATIVE, stream: false }],
    ['/api/generate', { model: MODEL, prompt: 'hi' }],
    ['/api/embed', { model: MODEL, input: 'hi' }],
    ['/api/embeddings', { model: MODEL, prompt: 'hi' }],
  ])('%s answers byte for byte as Ollama does', async (path, body) => {
    const { post, ollama } = await startOllamaRelay()
    const through = await post(`/ollama${path}`, body)
    const direct = await ask(`${ollama.url}${path}`, { body })
    expect([through.status, through.text]).toEqual([200, direct.text])
    expect(through.headers['content-type']).toBe(direct.headers['content-type'])
  })

  test('names with slashes, dots and colons arrive as they are', async () => {
    const { post, ollama } = await startOllamaRelay({ models: [{ name: HF, digest: 'd' }] })
    expect((await post('/v1/chat/completions', { ...CHAT, model: `ollama/${HF}` })).status).toBe(200)
    expect((await post('/ollama/api/chat', { ...NATIVE, model: HF })).status).toBe(200)
    expect(ollama.asked().map(({ json }) => json?.model)).toEqual([HF, HF])
  })

  test('Ollama may be behind a path', async () => {
    const { ollama, relay, url } = await startOllamaRelay()
    expect(relay.address).toBeDefined()
    const body = { ollama: { url: `${url}/ollama` } }
    const chained = await startOllamaRelay({}, body.ollama)
    expect((await chained.post('/v1/chat/completions', CHAT)).status).toBe(200)
    expect(ollama.asked().map(({ path }) => path)).toEqual(['/v1/chat/completions'])
  })
})

test('Ollama gets a name that it takes, and nothing of the client but its question', async () => {
  const { post, ollama } = await startOllamaRelay({ ownsHost: (host) => host === 'localhost' })
  const headers = {
    authorization: 'Bearer foreign',
    cookie: 'a=foreign',
    'x-api-key': 'foreign',
    referer: 'http://foreign.example/',
    'x-forwarded-for': '203.0.113.9',
    'user-agent': 'foreign',
    'x-http-method-override': 'DELETE',
    'anthropic-version': '2023-06-01',
  }
  expect((await post('/ollama/api/chat', NATIVE, headers)).status).toBe(200)
  expect((await post('/v1/messages', { ...CHAT, max_tokens: 5 }, headers)).status).toBe(200)
  for (const { headers: sent } of ollama.asked()) {
    expect(sent.host).toBe('localhost:11434')
    expect(JSON.stringify(sent)).not.toContain('foreign')
    expect(Object.keys(sent)).not.toContain('x-forwarded-for')
    expect(Object.keys(sent)).not.toContain('x-http-method-override')
  }
  expect(ollama.asked()[1]?.headers['anthropic-version']).toBe('2023-06-01')
})

test('no proxy of the environment comes between the relay and Ollama', async () => {
  const dead = `http://127.0.0.1:${await freePort()}`
  const env = { HTTPS_PROXY: dead, https_proxy: dead, HTTP_PROXY: dead, http_proxy: dead, ALL_PROXY: dead }
  const ollama = await startOllama()
  // The same place under an address for which nobody makes an exception.
  const url = ollama.url.replace('127.0.0.1', '[::ffff:127.0.0.1]')
  const { post } = await startOllamaRelay({}, { url }, { env })
  expect((await post('/v1/chat/completions', CHAT)).status).toBe(200)
  expect(ollama.asked()).toHaveLength(1)
})

describe('an answer on its way', () => {
  test.each([
    ['/ollama/api/chat', NATIVE],
    ['/v1/chat/completions', { ...CHAT, stream: true }],
  ])('comes from %s piece by piece', async (path, body) => {
    const { url, ollama } = await startOllamaRelay()
    let goOn = (): void => undefined
    ollama.set({
      heldBy: new Promise<void>((done) => {
        goOn = done
      }),
    })
    const answer = await open(`${url}${path}`, { body })
    expect(await waitUntil(() => answer.text().includes('The '), 5_000)).toBe(true)
    expect(answer.text()).not.toContain('heard')
    goOn()
    expect(await answer.ended).toBe('complete')
    expect(answer.text()).toContain('heard')
  })

  test.each([
    ['/ollama/api/chat', NATIVE],
    ['/v1/chat/completions', { ...CHAT, stream: true }],
  ])('of %s is broken off in Ollama when the client goes away', async (path, body) => {
    const { url, ollama, counted } = await startOllamaRelay({
      traps: { heldBy: new Promise(() => undefined) },
    })
    const answer = await open(`${url}${path}`, { body })
    expect(await waitUntil(() => answer.text().includes('The '), 5_000)).toBe(true)
    answer.leave()
    expect(await waitUntil(() => ollama.asked()[0]?.abandonedAt !== undefined, 5_000)).toBe(true)
    expect(await waitUntil(async () => (await counted())[0]?.outcome === 'cancelled', 5_000)).toBe(true)
  })

  test('is not taken for a slow one while a model is loaded', async () => {
    const { post, counted } = await startOllamaRelay(
      { loaded: [], traps: { coldLoadMs: 400 } },
      {},
      { config: { relay: { limits: { first_byte_ms: 100, between_bytes_ms: 100 } } } },
    )
    expect((await post('/v1/chat/completions', { ...CHAT, stream: true })).status).toBe(200)
    expect((await counted())[0]?.outcome).toBe('completed')
  })

  test('is waited for no longer than ollama.silence_ms', async () => {
    const { post } = await startOllamaRelay(
      { loaded: [], traps: { coldLoadMs: 60_000 } },
      { silence_ms: 1000 },
    )
    const answer = await post('/ollama/api/chat', NATIVE)
    expect([answer.status, answer.headers['x-relay-error']]).toEqual([504, 'relay.upstream-timeout'])
    expect(linesOf(answer.text)[0]?.error).toContain('ollama.silence_ms')
  })
})

describe('a failure inside of a 200', () => {
  test('comes through as it is, and counts as one', async () => {
    const { post, counted } = await startOllamaRelay({ traps: { failsAfterPieces: 2 } })
    const answer = await post('/ollama/api/chat', NATIVE)
    expect(answer.status).toBe(200)
    expect(linesOf(answer.text).at(-1)?.error).toContain('unexpected EOF')
    expect((await counted())[0]).toMatchObject({ outcome: 'failed', endpoint: '/api/chat', status: 200 })
  })

  test('that Ollama only shows by falling silent is told in words', async () => {
    const { post, counted } = await startOllamaRelay({ traps: { failsAfterPieces: 2 } })
    const answer = await post('/v1/chat/completions', { ...CHAT, stream: true })
    expect(answer.text).toContain('relay.stream-truncated')
    expect((await counted())[0]?.outcome).toBe('truncated')
  })

  test('by a cut is told in a line of its own', async () => {
    const { post, ollama, counted } = await startOllamaRelay()
    ollama.script({ text: 'a b c d', end: 'cut', eventsBeforeEnd: 2, chunkDelayMs: 20 })
    const answer = await post('/ollama/api/generate', { model: MODEL, prompt: 'hi' })
    expect(linesOf(answer.text).at(-1)?.relay?.code).toBe('relay.stream-truncated')
    expect((await counted())[0]?.outcome).toBe('truncated')
  })
})

test('every request is counted once with the tokens that Ollama tells, and costs nothing', async () => {
  const { post, counted, ollama } = await startOllamaRelay()
  const usage = { inputTokens: 11, outputTokens: 5, cachedTokens: 0 }
  const reply = { text: 'a b', usage }
  ollama.script(reply, reply, reply, reply, reply, reply)
  await post('/ollama/api/chat', NATIVE)
  await post('/ollama/api/generate', { model: MODEL, prompt: 'x', stream: false })
  await post('/v1/chat/completions', { ...CHAT, stream: true, stream_options: { include_usage: true } })
  await post('/v1/chat/completions', CHAT)
  await post('/v1/messages', { ...CHAT, max_tokens: 9, stream: true })
  await post('/ollama/v1/responses', { model: MODEL, input: 'x' })
  await post('/ollama/api/embed', { model: MODEL, input: 'x' })
  const requests = (await counted()).toReversed()
  expect(requests.map(({ upstream, model, costUsd }) => [upstream, model, costUsd])).toEqual(
    Array.from({ length: 7 }, () => ['ollama', MODEL, 0]),
  )
  expect(requests.map(({ inputTokens, outputTokens }) => [inputTokens, outputTokens])).toEqual([
    ...Array.from({ length: 6 }, () => [11, 5]),
    [7, 0],
  ])
})

describe('a refusal says what to do', () => {
  test('where the model is not there', async () => {
    const { post } = await startOllamaRelay({}, { local_only: false })
    for (const [path, model] of [
      ['/v1/chat/completions', 'ollama/llama9'],
      ['/v1/messages', 'ollama/llama9'],
      ['/ollama/api/chat', 'llama9'],
    ] as const) {
      const answer = await post(path, { ...NATIVE, model, max_tokens: 5 })
      expect([answer.status, answer.headers['x-relay-error']]).toEqual([404, 'ollama.model-missing'])
      expect(answer.text).toContain("model 'llama9' not found")
      expect(answer.headers['x-relay-remedy']).toContain('sovereign ollama pull llama9')
    }
  })

  test('where the queue is full, with the time to wait', async () => {
    const { post, counted } = await startOllamaRelay({ traps: { isQueueFull: true } })
    const answer = await post('/v1/chat/completions', CHAT)
    expect([answer.status, answer.headers['x-relay-error']]).toEqual([503, 'ollama.busy'])
    expect(answer.headers['retry-after']).toBe('5')
    expect(errorMessage(answer)).toContain('maximum pending requests exceeded')
    expect((await counted())[0]).toMatchObject({ outcome: 'failed', status: 503 })
  })

  test('where another upstream may stand in, it does', async () => {
    const routing = { fallbacks: { [`ollama/${MODEL}`]: ['copilot/gpt-4.1'] } }
    const { post } = await startOllamaRelay({ traps: { isQueueFull: true } }, {}, { config: { routing } })
    const answer = await post('/v1/chat/completions', CHAT)
    expect([answer.status, answer.headers['x-relay-fallback-from']]).toEqual([200, `ollama/${MODEL}`])
  })

  test('where Ollama takes another name only', async () => {
    const { post } = await startOllamaRelay(
      { ownsHost: (host) => host === 'ollama.lan' },
      { local_only: false },
    )
    const answer = await post('/ollama/api/chat', NATIVE)
    expect([answer.status, answer.headers['x-relay-error']]).toEqual([403, 'ollama.host-refused'])
    const careful = await startOllamaRelay({ ownsHost: (host) => host === 'ollama.lan' })
    const unread = await careful.post('/ollama/api/chat', NATIVE)
    expect([unread.status, unread.headers['x-relay-error']]).toEqual([502, 'ollama.host-refused'])
    expect(unread.headers['x-relay-remedy']).toContain('ollama.host in config.json')
    const named = await startOllamaRelay(
      { ownsHost: (host) => host === 'ollama.lan' },
      { host: 'ollama.lan' },
    )
    expect((await named.post('/ollama/api/chat', NATIVE)).status).toBe(200)
  })

  test('where a proxy before Ollama wants a login', async () => {
    const { post, ollama } = await startOllamaRelay()
    ollama.behave((_request, response) => void response.writeHead(401, { 'www-authenticate': 'Basic' }).end())
    const answer = await post('/ollama/api/chat', NATIVE)
    expect([answer.status, answer.headers['x-relay-error']]).toEqual([502, 'ollama.access-denied'])
  })

  test('where nothing listens', async () => {
    const { post, ollama } = await startOllamaRelay()
    await ollama.close()
    for (const path of ['/v1/chat/completions', '/ollama/api/chat']) {
      const answer = await post(path, path.startsWith('/v1') ? CHAT : NATIVE)
      expect([answer.status, answer.headers['x-relay-error']]).toEqual([502, 'relay.upstream-unreachable'])
      expect(answer.headers['x-relay-remedy']).toContain('OLLAMA_HOST')
    }
  })

  test('where Ollama is too old for a form', async () => {
    const { post, ollama } = await startOllamaRelay({}, { local_only: false })
    ollama.behave((_request, response) => {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('404 page not found')
    })
    const answer = await post('/v1/messages', { ...CHAT, max_tokens: 5 })
    expect([answer.status, answer.headers['x-relay-error']]).toEqual([404, 'relay.wrong-endpoint'])
    expect(answer.headers['x-relay-remedy']).toContain('Update Ollama')
  })

  test('where the relay has no Ollama at all', async () => {
    const { startTestRelay } = await import('../../../support/start-relay.ts')
    const relay = await startTestRelay()
    const answer = await ask(`${relay.url}/ollama/api/tags`)
    expect([answer.status, answer.headers['x-relay-error']]).toEqual([404, 'ollama.not-configured'])
    expect(answer.text).toContain('sovereign ollama use')
    await relay.close()
  })
})

test('what keeps a model in memory is for the owner to say', async () => {
  const { post, ollama } = await startOllamaRelay({}, { keep_alive: '10m' })
  await post('/ollama/api/chat', { ...NATIVE, keep_alive: -1 })
  await post('/ollama/api/embed', `{"model":"${MODEL}","input":"x" } `)
  expect(ollama.asked().map(({ json }) => json?.keep_alive)).toEqual(['10m', '10m'])
  expect(ollama.asked()[1]?.body.toString()).toBe(`{"model":"${MODEL}","input":"x" ,"keep_alive":"10m"} `)
  const free = await startOllamaRelay()
  await free.post('/ollama/api/chat', { ...NATIVE, keep_alive: 60 })
  expect(free.ollama.asked()[0]?.json?.keep_alive).toBe(60)
})
