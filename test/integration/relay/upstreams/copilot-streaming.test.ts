import { once } from 'node:events'
import { request } from 'node:http'
import { describe, expect, test } from 'vitest'
import { startOwnRelay } from '../../../support/start-own-relay.ts'
import type { TestRelay } from '../../../support/start-relay.ts'
import { type Dialect, encodeReply } from '../../../support/upstreams/dialects.ts'
import type { Reply } from '../../../support/upstreams/reply.ts'

const CALLS: Readonly<Record<Dialect, readonly [path: string, body: Readonly<Record<string, unknown>>]>> = {
  chat: ['/v1/chat/completions', { model: 'gpt-4.1', messages: [{ role: 'user', content: 'hi' }] }],
  responses: ['/v1/responses', { model: 'gpt-5.3-codex', input: 'hi' }],
  messages: [
    '/v1/messages',
    { model: 'claude-opus-5', max_tokens: 9, messages: [{ role: 'user', content: 'hi' }] },
  ],
}
const DIALECTS: readonly Dialect[] = ['chat', 'responses', 'messages']

function stream(to: TestRelay, dialect: Dialect, init: RequestInit = {}): Promise<Response> {
  const [path, body] = CALLS[dialect]
  return fetch(`${to.url}${path}`, {
    method: 'POST',
    body: JSON.stringify({ ...body, stream: true }),
    ...init,
  })
}

/** What the stand-in sends for this reply, without what it adds about usage. */
function eventsOf(dialect: Dialect, reply: Reply): readonly string[] {
  return encodeReply(dialect, reply, '', { besideUsage: {}, insideUsage: {} }).events
}

const QUICK = {
  relay: { limits: { heartbeat_ms: 50, first_byte_ms: 400, between_bytes_ms: 400, content_stall_ms: 600 } },
}

describe.each(DIALECTS)('a %s stream', (dialect) => {
  test('passes byte for byte and is never buffered', async () => {
    const to = await startOwnRelay()
    to.copilot.script({ text: 'one two three' })
    const through = await stream(to, dialect)
    to.copilot.script({ text: 'one two three' })
    const [path, body] = CALLS[dialect]
    const direct = await fetch(`${to.copilot.url}${path === '/v1/messages' ? path : path.slice(3)}`, {
      method: 'POST',
      body: JSON.stringify({ ...body, stream: true }),
      headers: { authorization: `Bearer ${[...to.github.copilotTokens][0]}`, 'editor-version': 'x' },
    })
    expect(await through.text()).toBe(await direct.text())
    expect(through.headers.get('cache-control')).toBe('no-cache, no-transform')
    expect(through.headers.get('x-accel-buffering')).toBe('no')
    expect(through.headers.get('x-quota-snapshot-premium_interactions')).toContain('ent=1500')
  })

  test('that ends without its last event ends with an error the client can read', async () => {
    const to = await startOwnRelay()
    to.copilot.script({ text: 'one two three four', end: 'truncate', eventsBeforeEnd: 4 })
    const text = await (await stream(to, dialect)).text()
    expect(text).toContain('relay.stream-truncated')
    expect(text.endsWith('\n\n')).toBe(true)
    expect(text).not.toContain('[DONE]')
  })

  test('that is cut by the upstream ends with an error', async () => {
    const to = await startOwnRelay()
    to.copilot.script({ text: 'one two three four', end: 'cut', eventsBeforeEnd: 4, chunkDelayMs: 5 })
    expect(await (await stream(to, dialect)).text()).toContain('relay.stream-truncated')
  })

  test('that falls silent is kept alive by comments and then given up', async () => {
    const to = await startOwnRelay({ config: QUICK })
    to.copilot.script({ text: 'one two three four', end: 'stall', eventsBeforeEnd: 4 })
    const text = await (await stream(to, dialect)).text()
    expect(text.match(/^: keep-alive$/gm)?.length).toBeGreaterThan(2)
    expect(text).toContain('relay.stream-stalled')
  })

  test('with an error of the upstream in it passes as it is', async () => {
    const to = await startOwnRelay()
    to.copilot.script({ text: 'one two three four', end: 'error' })
    const text = await (await stream(to, dialect)).text()
    expect(text).not.toContain('relay.')
    expect(text).toContain(eventsOf(dialect, {})[0]?.slice(0, 20) ?? '')
  })
})

test('a heartbeat never falls into the middle of an event', async () => {
  const to = await startOwnRelay({ config: QUICK })
  to.copilot.script({ text: 'one', firstDelayMs: 150, chunkDelayMs: 120 })
  const text = await (await stream(to, 'chat')).text()
  expect(text).toContain(': keep-alive\n\n')
  for (const event of text.split('\n\n').slice(0, -1))
    expect(event).toMatch(/^(: keep-alive|data: (\{.*\}|\[DONE\]))$/)
})

test('comments keep a stream alive for longer than silence would, but not for ever', async () => {
  const to = await startOwnRelay({ config: QUICK })
  to.copilot.script({ comments: 60, commentEveryMs: 40, text: 'late' })
  const startedAt = performance.now()
  const text = await (await stream(to, 'chat')).text()
  expect(text.match(/^: keep-alive$/gm)?.length).toBeGreaterThan(10)
  expect(text).toContain('relay.stream-stalled')
  expect(performance.now() - startedAt).toBeGreaterThan(500)
})

test('an upstream that never answers gets 504', async () => {
  const to = await startOwnRelay({ config: QUICK })
  to.copilot.script({ text: 'late', firstDelayMs: 3000 })
  const reply = await stream(to, 'chat')
  expect(reply.status).toBe(504)
  expect(await reply.json()).toMatchObject({ error: { code: 'relay.upstream-timeout' } })
})

test('a client that goes away in the middle of an answer takes the upstream request with it', async () => {
  const to = await startOwnRelay()
  to.copilot.script({ text: 'one two three', end: 'stall' })
  const abort = new AbortController()
  const reply = await stream(to, 'chat', { signal: abort.signal })
  await reply.body?.getReader().read()
  const sent = to.copilot.requests.at(-1)
  expect(sent?.abandonedAt).toBeUndefined()
  abort.abort()
  // The answer stalls for ever, and the relay would wait for a minute.
  await expect.poll(() => sent?.abandonedAt).toBeDefined()
})

test('a client that goes away before the first byte takes the upstream request with it', async () => {
  const to = await startOwnRelay()
  to.copilot.script({ text: 'never', firstDelayMs: 20_000 })
  const abort = new AbortController()
  const reply = stream(to, 'chat', { signal: abort.signal }).catch(() => undefined)
  await expect.poll(() => to.copilot.requests.some(({ path }) => path === '/chat/completions')).toBe(true)
  abort.abort()
  await reply
  const sent = to.copilot.requests.find(({ path }) => path === '/chat/completions')
  await expect.poll(() => sent?.abandonedAt, { interval: 5 }).toBeDefined()
  await expect
    .poll(async () => ((await (await fetch(`${to.url}/health`)).json()) as { active: number }).active)
    .toBe(1)
})

test('a slow reader slows the upstream down instead of filling memory', async () => {
  const to = await startOwnRelay()
  // About 60 MB as a stream; the socket buffers of both hops hold a fraction of that.
  const text = 'word '.repeat(400_000)
  to.copilot.script({ text })
  const [path, body] = CALLS.chat
  const call = request({ port: to.port, host: '127.0.0.1', method: 'POST', path })
  call.end(JSON.stringify({ ...body, stream: true }))
  const [reply] = await once(call, 'response')
  reply.pause()
  const sent = to.copilot.requests.at(-1)
  let before = -1
  const hasStopped = (): boolean => {
    const now = sent?.bytesSent() ?? 0
    const isSame = now > 0 && now === before
    before = now
    return isSame
  }
  await expect.poll(hasStopped, { interval: 300, timeout: 20_000 }).toBe(true)
  expect(before).toBeLessThan(30_000_000)
  let size = 0
  reply.on('data', (piece: Buffer) => {
    size += piece.length
  })
  reply.resume()
  await once(reply, 'end')
  expect(size).toBeGreaterThan(50_000_000)
})

test('five hundred streams at once all arrive whole', async () => {
  const to = await startOwnRelay({ copilot: { keepRequests: true } })
  const all = Array.from({ length: 500 }, async () => {
    const reply = await stream(to, 'chat')
    return (await reply.text()).endsWith('data: [DONE]\n\n')
  })
  expect((await Promise.all(all)).filter(Boolean)).toHaveLength(500)
})

test('an answer that is no stream passes with all its fields', async () => {
  const to = await startOwnRelay()
  to.copilot.script({ text: 'hi', reasoning: 'because' })
  const [path, body] = CALLS.chat
  const reply = await fetch(`${to.url}${path}`, { method: 'POST', body: JSON.stringify(body) })
  expect(await reply.json()).toMatchObject({
    choices: [{ message: { content: 'hi', reasoning_text: 'because', reasoning_opaque: 'b3BhcXVl' } }],
    copilot_usage: { total_nano_aiu: 8_550_000 },
  })
})
