import { describe, expect, test } from 'vitest'
import { type Answer, ask } from '../support/ask.ts'

/** An Ollama to be held to its word. */
export interface OllamaUnderTest {
  /** What paths such as `/api/chat` are put behind. */
  readonly url: string
  /** One that writes text and is installed. */
  readonly model: string
  /** It listens on loopback, where it takes its own names only. */
  readonly isOnLoopback: boolean
}

type Fields = Readonly<Record<string, unknown>>

/** A real one has to load a model first. */
const PATIENCE_MS = 180_000

/**
 * What the relay relies on in an Ollama: https://github.com/ollama/ollama/blob/main/docs/api.md
 *
 * @param open the same one every time; closed by whoever made it.
 * @param isWhole false where only what is open to clients is reached.
 */
export function ollamaContract(name: string, open: () => Promise<OllamaUnderTest>, isWhole: boolean): void {
  const { get, post } = askerOf(open)

  describe(`${name}`, { timeout: PATIENCE_MS }, () => {
    test('says that it is there, and which version it is', async () => {
      expect((await get('/')).text).toBe('Ollama is running')
      expect((await get('/', {}, 'HEAD')).status).toBe(200)
      expect(json(await get('/api/version')).version).toMatch(/^\d+\.\d+/)
    })

    test('lists what is installed with name and digest', async () => {
      const { models } = json(await get('/api/tags'))
      const { model } = await open()
      expect(models).toContainEqual(
        expect.objectContaining({ name: model, digest: expect.any(String) as string }) as object,
      )
    })

    test('tells what a model can do and how much it was made for', async () => {
      const { capabilities, model_info } = json(await post('/api/show', {}))
      expect(capabilities).toContain('completion')
      const keys = Object.keys(model_info as object).filter((key) => /^[^.]+\.context_length$/.test(key))
      expect(keys).toHaveLength(1)
    })

    test.each(['/api/chat', '/api/generate'])(
      'streams %s in lines, the last one with what was counted',
      async (path) => {
        const answer = await post(path, { ...SAY, prompt: 'Say one word.', options: { num_predict: 8 } })
        expect(answer.headers['content-type']).toMatch(/^application\/x-ndjson/)
        const lines = linesOf(answer.text)
        expect(lines.slice(0, -1).every(({ done }) => done === false)).toBe(true)
        expect(lines.at(-1)).toMatchObject({ done: true, done_reason: expect.any(String) as string })
        expect(lines.at(-1)?.prompt_eval_count).toBeGreaterThan(0)
        expect(lines.at(-1)?.eval_count).toBeGreaterThan(0)
      },
    )

    test('answers in one piece where it is asked to', async () => {
      const answer = json(await post('/api/chat', { ...SAY, stream: false, options: { num_predict: 8 } }))
      expect(answer).toMatchObject({ done: true, message: { role: 'assistant' } })
    })

    test('loads a model without a prompt, shows it with its context, and lets go of it', async () => {
      expect(json(await post('/api/generate', {}))).toMatchObject({ done: true, done_reason: 'load' })
      const { model } = await open()
      const loaded = async () =>
        (json(await get('/api/ps')).models as Fields[]).find((entry) => entry.name === model)
      expect((await loaded())?.context_length).toBeGreaterThan(0)
      // A second value counts, whatever came before it.
      const last = `{"model":${JSON.stringify(model)},"keep_alive":60,"keep_alive":0}`
      expect(json(await post('/api/generate', last))).toMatchObject({ done_reason: 'unload' })
    })

    test('cuts a prompt that is too long without a word', async () => {
      const prompt = 'word '.repeat(3000)
      const options = { num_ctx: 256, num_predict: 1 }
      const answer = await post('/api/generate', { prompt, options, stream: false })
      expect(answer.status).toBe(200)
      expect(json(answer).prompt_eval_count).toBeLessThanOrEqual(256)
    })

    test.each(['/v1/chat/completions', '/v1/completions'])(
      'counts in a stream of %s only where it is asked to',
      async (path) => {
        const asked = { ...SAY, prompt: 'Say one word.', max_tokens: 8, stream: true }
        const plain = await post(path, asked)
        expect(plain.headers['content-type']).toMatch(/^text\/event-stream/)
        expect(plain.text.trimEnd().endsWith('data: [DONE]')).toBe(true)
        expect(plain.text).not.toMatch(/"completion_tokens":[1-9]/)
        const counted = await post(path, { ...asked, stream_options: { include_usage: true } })
        expect(counted.text).toMatch(/"completion_tokens":[1-9]/)
      },
    )

    test('speaks the three dialects', async () => {
      const chat = json(await post('/v1/chat/completions', { ...SAY, max_tokens: 8 }))
      expect(chat).toMatchObject({
        object: 'chat.completion',
        usage: { prompt_tokens: expect.any(Number) as number },
      })
      const responses = json(await post('/v1/responses', { input: 'Say one word.', max_output_tokens: 8 }))
      expect(responses).toMatchObject({
        object: 'response',
        usage: { input_tokens: expect.any(Number) as number },
      })
      const messages = json(await post('/v1/messages', { ...SAY, max_tokens: 8 }))
      expect(messages).toMatchObject({
        type: 'message',
        usage: { output_tokens: expect.any(Number) as number },
      })
      const streamed = (await post('/v1/messages', { ...SAY, max_tokens: 8, stream: true })).text
      expect(streamed).toMatch(/^event: message_start\n/)
      expect(streamed).toMatch(/event: message_stop\n[^\n]+\n\n$/)
    })

    test('says in every form that it does not have a model', async () => {
      const nobody = { ...SAY, model: 'no-such-model:1b', prompt: 'x', input: 'x', max_tokens: 5 }
      for (const path of ['/api/chat', '/api/generate', '/api/embed', '/api/show']) {
        const answer = await post(path, nobody)
        expect([path, answer.status]).toEqual([path, 404])
        expect(json(answer).error).toContain('not found')
      }
      for (const path of ['/v1/chat/completions', '/v1/responses', '/v1/messages']) {
        const answer = await post(path, nobody)
        expect([path, answer.status]).toEqual([path, 404])
        expect(json(answer).error).toMatchObject({ message: expect.stringContaining('not found') as string })
      }
    })
  })

  if (isWhole) wholeContract(name, open)
}

/** What only whoever reaches it directly can see. */
function wholeContract(name: string, open: () => Promise<OllamaUnderTest>): void {
  const { get, post } = askerOf(open)

  describe(`${name}, reached directly`, { timeout: PATIENCE_MS }, () => {
    test('takes the name that the relay calls it by, and no foreign origin', async () => {
      expect((await get('/api/version', { host: 'localhost:11434' })).status).toBe(200)
      for (const origin of ['https://page.example', 'null']) {
        const answer = await get('/api/version', { origin })
        expect([answer.status, answer.text]).toEqual([403, ''])
      }
      const foreign = await get('/api/version', { host: 'model-server.example:11434' })
      const { isOnLoopback } = await open()
      expect([foreign.status, foreign.text === '']).toEqual(isOnLoopback ? [403, true] : [200, false])
    })

    test('reads members in any case, and the last one counts', async () => {
      const { status } = await post('/api/chat', { MODEL: 'no-such-model:1b', ...SAY, stream: false })
      expect(status).toBe(404)
    })

    test('knows a model by its name in any case and with what is usually left out', async () => {
      const { model } = await open()
      for (const written of [model.toUpperCase(), ...(model.includes('/') ? [] : [`library/${model}`])])
        expect((await post('/api/show', { model: written })).status).toBe(200)
    })

    test('tells apart what it does not have and what it does not take', async () => {
      const unknown = await get('/api/no-such-path')
      expect([unknown.status, unknown.text]).toEqual([404, '404 page not found'])
      expect((await get('/api/chat')).status).toBe(405)
    })

    test('fails to pull inside of a 200', async () => {
      const answer = await post('/api/pull', { model: 'no-such-owner-of-nothing/no-such-model:1b' })
      expect(answer.status).toBe(200)
      expect(linesOf(answer.text).at(-1)?.error).toEqual(expect.any(String))
    })

    test('has nothing to delete under a name that it does not know', async () => {
      const body = JSON.stringify({ model: 'no-such-model:1b' })
      const headers = { 'content-length': String(body.length) }
      const answer = await ask(`${(await open()).url}/api/delete`, { method: 'DELETE', body, headers })
      expect([answer.status, json(answer).error]).toEqual([404, expect.stringContaining('not found')])
    })
  })
}

function askerOf(open: () => Promise<OllamaUnderTest>) {
  return {
    get: async (path: string, headers: Readonly<Record<string, string>> = {}, method = 'GET') =>
      await ask(`${(await open()).url}${path}`, { method, headers }),
    post: async (path: string, body: Fields | string) => {
      const { url, model } = await open()
      const sent = typeof body === 'string' ? body : JSON.stringify({ model, ...body })
      return await ask(`${url}${path}`, { body: sent })
    },
  }
}

const SAY = { messages: [{ role: 'user', content: 'Say one word.' }] }

function linesOf(text: string): readonly Fields[] {
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Fields)
}

function json({ text }: Pick<Answer, 'text'>): Fields {
  return JSON.parse(text) as Fields
}
