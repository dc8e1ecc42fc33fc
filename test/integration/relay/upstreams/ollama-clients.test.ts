import { createRequire } from 'node:module'
import { expect, test } from 'vitest'
import { startOllamaRelay } from '../../../support/start-ollama-relay.ts'

const clients = createRequire(new URL('../../../clients/package.json', import.meta.url))
const MODEL = 'ollama/qwen3:8b'
const messages = [{ role: 'user', content: 'Who is there?' }]

interface Chunk {
  readonly choices: readonly { readonly delta: { readonly content?: string } }[]
  readonly usage?: { readonly prompt_tokens: number } | null
}
/** As much of the packages as is needed here. */
interface OpenAi {
  readonly models: { list(): Promise<{ readonly data: readonly { readonly id: string }[] }> }
  readonly chat: { readonly completions: { create(body: object): Promise<AsyncIterable<Chunk>> } }
  readonly responses: { create(body: object): Promise<{ readonly output_text: string }> }
}
interface Anthropic {
  readonly messages: {
    create(body: object): Promise<{ readonly content: readonly { readonly text?: string }[] }>
    stream(body: object): { finalText(): Promise<string> }
  }
}

test.each(['/v1', '/ollama/v1'])('the openai library speaks with Ollama at %s', async (base) => {
  const { OpenAI } = clients('openai') as { readonly OpenAI: new (options: object) => OpenAi }
  const { url } = await startOllamaRelay()
  const client = new OpenAI({ baseURL: `${url}${base}`, apiKey: 'ollama', maxRetries: 0 })
  const model = base === '/v1' ? MODEL : 'qwen3:8b'
  const options = { stream: true, stream_options: { include_usage: true } }
  const words: string[] = []
  const counted: unknown[] = []
  for await (const { choices, usage } of await client.chat.completions.create({
    model,
    messages,
    ...options,
  })) {
    words.push(choices[0]?.delta.content ?? '')
    if (usage) counted.push(usage.prompt_tokens)
  }
  expect([words.join(''), counted]).toEqual(['The model heard: Who is there?', [3]])
  expect((await client.responses.create({ model, input: 'Hi' })).output_text).toBe('The model heard: Hi')
  expect((await client.models.list()).data.map(({ id }) => id)).toContain(model)
  const missing = client.chat.completions.create({ model: model.replace('8b', '99b'), messages })
  await expect(missing).rejects.toMatchObject({
    status: 404,
    message: expect.stringContaining('sovereign ollama pull qwen3:99b') as string,
  })
})

test('the library of Anthropic speaks with Ollama', async () => {
  const { Anthropic: Client } = clients('@anthropic-ai/sdk') as {
    readonly Anthropic: new (options: object) => Anthropic
  }
  const { url, ollama } = await startOllamaRelay()
  const client = new Client({ baseURL: url, authToken: 'any', apiKey: null, maxRetries: 0 })
  const asked = { model: MODEL, max_tokens: 64, messages }
  expect((await client.messages.create(asked)).content[0]?.text).toBe('The model heard: Who is there?')
  expect(await client.messages.stream(asked).finalText()).toBe('The model heard: Who is there?')
  ollama.set({ isQueueFull: true })
  await expect(client.messages.create(asked)).rejects.toMatchObject({ status: 503 })
  await expect(client.messages.create({ ...asked, model: 'ollama/glm-4.6:cloud' })).rejects.toMatchObject({
    status: 403,
    message: expect.stringContaining('ollama.com') as string,
  })
})
