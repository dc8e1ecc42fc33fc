import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask, open } from '../../support/ask.ts'
import { GOOD_JOURNEY, openCodeJourney, openCodeResponder } from '../../support/opencode.ts'
import { rawHttp } from '../../support/raw-http.ts'
import { type Chain, startChain } from '../../support/start-chain.ts'
import { waitUntil } from '../../support/start-sshd.ts'
import { type FakeOllama, startFakeOllama } from '../../support/upstreams/fake-ollama.ts'

const MODEL = 'qwen3:8b'
const messages = [{ role: 'user', content: 'Who is there?' }]

let ollama: FakeOllama
let chain: Chain
let url: string

beforeAll(async () => {
  ollama = await startFakeOllama({ respond: openCodeResponder, traps: { contextLength: 65_536 }, loaded: [] })
  // Nobody else answers: with Copilot beside it, OpenCode would have its titles written there.
  chain = await startChain({ signedIn: false, relayEnv: { OLLAMA_BASE_URL: ollama.url } })
  await chain.connected()
  url = chain.client('vm').url
})

afterAll(async () => {
  await chain?.close()
  await ollama?.close()
})

test('a request for a model of Ollama, typed on a client machine, is answered through the chain', async () => {
  const body = JSON.stringify({ model: `ollama/${MODEL}`, messages })
  const typed = await chain.onClient(
    'vm',
    `curl -sS --noproxy '*' ${url}/v1/chat/completions -H 'content-type: application/json' -d @-`,
    { stdin: body },
  )
  expect(typed).toMatchObject({
    exitCode: 0,
    stdout: expect.stringContaining('The model heard: Who is there?'),
  })
  const native = await chain.onClient('vm', `curl -sS --noproxy '*' ${url}/ollama/api/chat -d @-`, {
    stdin: JSON.stringify({ model: MODEL, messages }),
  })
  expect(native.stdout.trim().split('\n').length).toBeGreaterThan(3)
  expect(native.stdout).toContain('"done":true')
})

test('its lines come one by one, and going away ends it over there', async () => {
  ollama.set({ heldBy: new Promise(() => undefined) })
  const before = ollama.asked().length
  const answer = await open(`${url}/ollama/api/chat`, { body: { model: MODEL, messages } })
  expect(await waitUntil(() => answer.text().includes('The '), 10_000)).toBe(true)
  answer.leave()
  expect(await waitUntil(() => ollama.asked()[before]?.abandonedAt !== undefined, 10_000)).toBe(true)
  ollama.set({ heldBy: undefined })
})

describe('no way leads from a client machine to what changes the server', () => {
  const body = JSON.stringify({ model: MODEL, name: MODEL, source: MODEL, destination: 'x' })

  test.each([
    'POST /ollama/api/pull',
    'POST /ollama/api/push',
    'POST /ollama/api/create',
    'POST /ollama/api/copy',
    'DELETE /ollama/api/delete',
    'POST /ollama/api/delete',
    'POST /ollama/api/blobs/sha256:00',
    'POST /ollama/api/me',
    'POST /ollama/api/chat/../pull',
    'POST /ollama/api/chat/%2e%2e/pull',
    'POST /ollama/api/chat%2f..%2fpull',
    'DELETE /ollama//api/delete',
    'DELETE http://localhost:11434/api/delete',
    'POST /api/pull',
    'DELETE /api/delete',
    'POST /admin/ollama/pull',
    'DELETE /admin/ollama/models/qwen3:8b',
    'POST /admin/ollama',
    'DELETE /admin/ollama',
  ])('%s', async (line) => {
    const before = ollama.requests.length
    const { port } = chain.client('vm')
    const answer = await rawHttp(
      port,
      `${line} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\nX-HTTP-Method-Override: DELETE\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    )
    expect(answer).toMatch(/^HTTP\/1\.1 40[0345] /)
    expect(ollama.requests).toHaveLength(before)
    expect(ollama.installed()).toEqual([MODEL, 'gpt-oss:120b-cloud'])
  })

  test('nor to what ollama.com would answer', async () => {
    const before = ollama.asked().length
    const cloud = { model: 'ollama/gpt-oss:120b-cloud', messages }
    const answer = await ask(`${url}/v1/chat/completions`, { body: cloud })
    expect([answer.status, answer.headers['x-relay-error']]).toEqual([403, 'ollama.cloud-refused'])
    expect(ollama.asked()).toHaveLength(before)
  })
})

test('OpenCode that only /setup has configured ends a conversation with a tool on the own server', async () => {
  const before = ollama.asked().length
  const journey = await openCodeJourney({ baseUrl: url })
  expect(journey).toMatchObject(GOOD_JOURNEY)
  const conversation = ollama.asked().slice(before)
  expect(conversation.length).toBeGreaterThanOrEqual(2)
  expect(conversation.every(({ json, headers }) => json?.model === MODEL && !headers.authorization)).toBe(
    true,
  )
  expect(chain.copilot.requests.filter(({ method }) => method === 'POST')).toEqual([])
}, 90_000)
