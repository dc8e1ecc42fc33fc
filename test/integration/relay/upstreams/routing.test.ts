import { createRequire } from 'node:module'
import { expect, onTestFinished, test } from 'vitest'
import { type Answer, ask, errorMessage } from '../../../support/ask.ts'
import { freePort } from '../../../support/free-port.ts'
import { startOwnRelay } from '../../../support/start-own-relay.ts'
import { startTestRelay, type TestRelayOptions } from '../../../support/start-relay.ts'
import {
  BOX_MODEL,
  type FakeOpenaiCompatibleOptions,
  startFakeOpenaiCompatible,
} from '../../../support/upstreams/fake-openai-compatible.ts'

async function startBox(options: FakeOpenaiCompatibleOptions = {}) {
  const box = await startFakeOpenaiCompatible(options)
  onTestFinished(() => box.close())
  return box
}

async function start(config: Readonly<Record<string, unknown>>, options: TestRelayOptions = {}) {
  const relay = await startOwnRelay({ config, ...options })
  return relay
}

const chat = (model: string) => ({ model, messages: [{ role: 'user', content: 'Who is there?' }] })

function idsOf({ text }: Answer): string[] {
  return (JSON.parse(text) as { data: { id: string }[] }).data.map(({ id }) => id)
}

test('the name of a model says which upstream answers, and the name without a prefix means the default', async () => {
  const box = await startBox()
  const relay = await start({ providers: { box: { base_url: box.baseUrl } } })
  const by = async (model: string): Promise<unknown> =>
    (await ask(`${relay.url}/v1/chat/completions`, { body: chat(model) })).headers['x-relay-upstream']
  expect(await by(`box/${BOX_MODEL}`)).toBe('box')
  expect(await by('copilot/gpt-4.1')).toBe('copilot')
  expect(await by('gpt-4.1')).toBe('copilot')
  expect(await by('openrouter/deepseek/deepseek-v3.2')).toBe('openrouter')
  const modelsAt = (requests: readonly { json: unknown; path: string }[]) =>
    requests.flatMap(({ json, path }) =>
      path.endsWith('/completions') ? [(json as { model: string }).model] : [],
    )
  expect(modelsAt(box.requests)).toEqual([BOX_MODEL])
  expect(modelsAt(relay.copilot.requests)).toEqual(['gpt-4.1', 'gpt-4.1'])
  expect(modelsAt(relay.openrouter.requests)).toEqual(['deepseek/deepseek-v3.2'])
})

test('whatever goes to OpenRouter by its prefix asks for zero data retention', async () => {
  const { url, openrouter } = await start({})
  const asked = { ...chat('openrouter/a/b'), input: 'x', prompt: 'x', provider: { zdr: false, order: ['X'] } }
  for (const wire of ['chat/completions', 'completions', 'responses', 'messages', 'embeddings'])
    await ask(`${url}/v1/${wire}`, { body: asked })
  for (const wire of ['chat/completions', 'responses', 'embeddings'])
    await ask(`${url}/${wire}`, { body: asked })
  expect(openrouter.requests).toHaveLength(8)
  expect(openrouter.violations).toEqual([])
  for (const { json } of openrouter.requests)
    expect(json).toMatchObject({
      model: 'a/b',
      provider: { zdr: true, data_collection: 'deny', order: ['X'] },
    })
})

test('so does whatever goes there as the default or as a stand-in', async () => {
  const asDefault = await start({ routing: { default: 'openrouter' } })
  await ask(`${asDefault.url}/v1/chat/completions`, { body: chat('a/b') })
  const asStandIn = await start({ routing: { fallbacks: { '*': ['openrouter/a/b'] } } })
  asStandIn.copilot.script({ status: 503 })
  await ask(`${asStandIn.url}/v1/chat/completions`, { body: chat('gpt-4.1') })
  for (const { openrouter } of [asDefault, asStandIn]) {
    expect(openrouter.requests.map(({ json }) => json?.model)).toEqual(['a/b'])
    expect(openrouter.violations).toEqual([])
  }
})

test.each([
  ['a web search', { ...chat('openrouter/a/b:online') }],
  ['a plugin', { ...chat('openrouter/a/b'), plugins: [{ id: 'web' }] }],
  ['a preset', { ...chat('openrouter/@preset/mine') }],
  ['a web search as the second choice', { ...chat('openrouter/a/b'), models: ['c/d:online'] }],
])('%s never reaches OpenRouter by its prefix', async (_what, body) => {
  const { url, openrouter } = await start({})
  const answer = await ask(`${url}/v1/chat/completions`, { body })
  expect([answer.status, answer.headers['x-relay-error']]).toEqual([400, 'relay.escapes-zdr'])
  expect(openrouter.requests).toEqual([])
})

test('paths that the owner closed at OpenRouter are closed by its prefix too', async () => {
  const { url, openrouter } = await start({ relay: { allowed_paths: ['/api/v1/chat/completions'] } })
  const answer = await ask(`${url}/v1/embeddings`, { body: { model: 'openrouter/a/b', input: 'x' } })
  expect([answer.status, answer.headers['x-relay-error']]).toEqual([400, 'relay.wrong-endpoint'])
  expect(openrouter.requests).toEqual([])
})

test('the list of models is one of all upstreams, by names that work', async () => {
  const box = await startBox({ models: ['plain', 'org/model'] })
  const { url } = await start({ providers: { box: { base_url: box.baseUrl } } })
  const ids = idsOf(await ask(`${url}/v1/models`))
  expect(ids).toEqual(
    expect.arrayContaining(['gpt-4.1', 'openrouter/deepseek/deepseek-v3.2', 'box/plain', 'box/org/model']),
  )
  expect(new Set(ids).size).toBe(ids.length)
  for (const id of [
    'gpt-4.1',
    'copilot/gpt-4.1',
    'openrouter/deepseek/deepseek-v3.2',
    'box/org/model',
    'box%2Forg%2Fmodel',
  ]) {
    const shown = await ask(`${url}/v1/models/${id}`)
    expect([shown.status, JSON.parse(shown.text)]).toMatchObject([200, { id: decodeURIComponent(id) }])
  }
  const unknown = await ask(`${url}/v1/models/box/org`)
  expect([unknown.status, errorMessage(unknown)]).toEqual([
    404,
    expect.stringContaining('box has no model "org"'),
  ])
  const head = await ask(`${url}/v1/models`, { method: 'HEAD' })
  expect([head.status, head.text]).toEqual([200, ''])
})

test('a default with models that look like those of others lists them by names that lead back to it', async () => {
  const box = await startBox({ models: ['plain', 'qwen/q', 'copilot/x'] })
  const qwen = await startBox({ models: ['q'] })
  const { url } = await start({
    providers: { box: { base_url: box.baseUrl }, qwen: { base_url: qwen.baseUrl } },
    routing: { default: 'box' },
  })
  const ids = idsOf(await ask(`${url}/v1/models`))
  expect(ids).toEqual(expect.arrayContaining(['plain', 'box/qwen/q', 'box/copilot/x', 'qwen/q']))
  for (const id of ['plain', 'box/qwen/q', 'qwen/q'])
    expect((await ask(`${url}/v1/chat/completions`, { body: chat(id) })).status).toBe(200)
  expect(box.asked().map(({ json }) => json?.model)).toEqual(['plain', 'qwen/q'])
  expect(qwen.asked().map(({ json }) => json?.model)).toEqual(['q'])
})

test('an upstream that is down or silent hides no other in the list, and holds it up once at most', async () => {
  const box = await startBox({ models: ['m'] })
  const silent = await startBox({ modelsHeldBy: new Promise(() => undefined) })
  const { url } = await start({
    providers: {
      box: { base_url: box.baseUrl },
      down: { base_url: `http://127.0.0.1:${await freePort()}/v1` },
      silent: { base_url: silent.baseUrl },
    },
  })
  const list = async (): Promise<{ ids: string[]; ms: number }> => {
    const startedAt = performance.now()
    const ids = idsOf(await ask(`${url}/v1/models`))
    return { ids, ms: performance.now() - startedAt }
  }
  const first = await list()
  expect(first.ids).toEqual(expect.arrayContaining(['gpt-4.1', 'box/m', 'openrouter/deepseek/deepseek-v3.2']))
  // Until the silent one is given up it takes 10 seconds.
  expect(first.ms).toBeLessThan(7_000)
  const second = await list()
  expect(second.ids).toEqual(first.ids)
  expect(second.ms).toBeLessThan(2_000)
})

test('a provider that was down is in the list again once it is back', async () => {
  const gate = Promise.withResolvers<void>()
  const box = await startBox({ models: ['m'], modelsHeldBy: gate.promise })
  const { url } = await start({ providers: { box: { base_url: box.baseUrl } } })
  expect(idsOf(await ask(`${url}/v1/models`))).not.toContain('box/m')
  gate.resolve()
  await expect.poll(async () => idsOf(await ask(`${url}/v1/models`)), { timeout: 5_000 }).toContain('box/m')
})

test('without any sign-in a model without a prefix is told where it could have gone', async () => {
  const box = await startBox()
  const { url } = await start({ providers: { box: { base_url: box.baseUrl } } }, { signedIn: false })
  const answer = await ask(`${url}/v1/chat/completions`, { body: chat(BOX_MODEL) })
  expect(answer.status).toBe(401)
  expect(errorMessage(answer)).toContain(`call the model "box/${BOX_MODEL}", or set routing.default to "box"`)
  expect(idsOf(await ask(`${url}/v1/models`))).toEqual([`box/${BOX_MODEL}`])
  expect(box.asked()).toEqual([])
})

test('a default that does not exist keeps the relay from starting, in words', async () => {
  await expect(startTestRelay({ config: { routing: { default: 'bxo' } } })).rejects.toThrow(
    'routing.default names no upstream: "bxo"; known: copilot, openrouter.',
  )
})

interface Chunk {
  readonly choices: readonly { readonly delta: { readonly content?: string } }[]
}

/** As much of the `openai` package as is needed here. */
interface OpenAi {
  readonly models: { list(): Promise<{ readonly data: readonly { readonly id: string }[] }> }
  readonly embeddings: {
    create(body: object): Promise<{ readonly data: readonly { readonly embedding: readonly number[] }[] }>
  }
  readonly chat: { readonly completions: { create(body: object): Promise<AsyncIterable<Chunk>> } }
}

test('the openai library streams from a provider, embeds with it and lists its models', async () => {
  const { OpenAI } = createRequire(new URL('../../../clients/package.json', import.meta.url))('openai') as {
    readonly OpenAI: new (options: object) => OpenAi
  }
  const box = await startBox()
  const { url } = await start({ providers: { box: { base_url: box.baseUrl } } })
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'any', maxRetries: 0 })
  const model = `box/${BOX_MODEL}`
  const stream = await client.chat.completions.create({ ...chat(model), stream: true })
  const words: string[] = []
  for await (const { choices } of stream) words.push(choices[0]?.delta.content ?? '')
  expect(words.join('')).toBe('The box heard: Who is there?')
  const { data } = await client.embeddings.create({ model, input: ['a', 'b'], encoding_format: 'float' })
  expect(data.map(({ embedding }) => embedding.length)).toEqual([3, 3])
  expect((await client.models.list()).data.map(({ id }) => id)).toContain(model)
  const own = new OpenAI({ baseURL: `${url}/providers/box/v1`, apiKey: 'any', maxRetries: 0 })
  expect((await own.models.list()).data.map(({ id }) => id)).toEqual([BOX_MODEL])
  await expect(client.chat.completions.create(chat('box/nothing'))).rejects.toMatchObject({
    status: 404,
    message: expect.stringContaining('The model `nothing` does not exist.') as string,
  })
})
