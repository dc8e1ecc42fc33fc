import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { ask, CHAT, type OpenAnswer, open, STREAMED_CHAT } from '../../support/ask.ts'
import { type Chain, startChain } from '../../support/start-chain.ts'
import { waitUntil } from '../../support/start-sshd.ts'
import type { Reply } from '../../support/upstreams/reply.ts'

const NAMES = ['one', 'two', 'three'] as const

let chain: Chain
/** What Copilot answers unless a test says otherwise. */
let reply: Reply

beforeAll(async () => {
  chain = await startChain({ clients: NAMES, copilot: { respond: () => reply } })
  await chain.connected()
})

beforeEach(() => {
  reply = { text: 'A short answer.' }
})

afterAll(() => chain?.close())

/** What Copilot itself sends for a request, without anything in between. */
async function fromCopilot(path: string, body: unknown): Promise<string> {
  const { text } = await ask(`${chain.copilot.url}${path}`, {
    body,
    headers: { authorization: `Bearer ${chain.github.oauthToken}` },
  })
  return text
}

describe('a chat that is typed with curl on a client machine', () => {
  const curl = (path: string, url = chain.client('one').url): string =>
    `curl -sSN -H 'content-type: application/json' -d @- ${url}${path}`

  test('arrives event by event, byte for byte as Copilot sent it', async () => {
    reply = { text: 'word '.repeat(40), chunkDelayMs: 25 }
    let pieces = 0
    let sentAtFirstPiece = 0
    const sent = (): number => chain.copilot.requests.at(-1)?.bytesSent() ?? 0
    const { exitCode, stdout } = await chain.onClient('one', curl('/v1/chat/completions'), {
      stdin: JSON.stringify(STREAMED_CHAT),
      onOutput: () => {
        if (pieces === 0) sentAtFirstPiece = sent()
        pieces++
      },
    })
    expect(exitCode).toBe(0)
    // Counted per connection, which may have carried other answers before.
    expect(sent() - sentAtFirstPiece).toBeGreaterThan(stdout.length / 2)
    expect(pieces).toBeGreaterThan(10)
    reply = { text: 'word '.repeat(40) }
    expect(stdout).toBe(await fromCopilot('/chat/completions', STREAMED_CHAT))
  })

  test('shows what was said so far while Copilot is still thinking, and leaving ends it there', async () => {
    reply = { text: 'One two three four five six.', end: 'stall', eventsBeforeEnd: 5 }
    const answer = await open(`${chain.client('one').url}/v1/chat/completions`, { body: STREAMED_CHAT })
    await answer.events(5)
    const asked = chain.copilot.requests.at(-1)
    expect(answer.text()).toContain('three')
    expect(asked?.abandonedAt).toBeUndefined()
    answer.leave()
    expect(await waitUntil(() => asked?.abandonedAt !== undefined, 2_000)).toBe(true)
  })
})

describe('every endpoint works from a client machine', () => {
  test.each([
    ['/v1/chat/completions', '/chat/completions', CHAT],
    ['/v1/responses', '/responses', { model: 'gpt-5.3-codex', input: 'Who is there?' }],
    ['/v1/messages', '/v1/messages', { ...CHAT, model: 'claude-sonnet-4.5', max_tokens: 100 }],
  ])('%s, streamed and whole', async (path, copilotPath, body) => {
    for (const stream of [true, false]) {
      const asked = { ...body, stream }
      const answer = await ask(`${chain.client('two').url}${path}`, { body: asked })
      expect(answer).toMatchObject({ status: 200, end: 'complete' })
      expect(answer.text).toBe(await fromCopilot(copilotPath, asked))
    }
  })

  test('/v1/models lists what Copilot offers', async () => {
    const { status, text } = await ask(`${chain.client('two').url}/v1/models`)
    expect(status).toBe(200)
    expect(JSON.parse(text)).toMatchObject({
      object: 'list',
      data: expect.arrayContaining([expect.objectContaining({ id: 'gpt-4.1' })]),
    })
  })

  test('/api/v1/chat/completions reaches OpenRouter, which is told to keep nothing', async () => {
    const body = {
      ...STREAMED_CHAT,
      model: 'deepseek/deepseek-v3.2',
      provider: { zdr: false, data_collection: 'allow', only: ['here'] },
    }
    const answer = await ask(`${chain.client('two').url}/api/v1/chat/completions`, { body })
    expect(answer).toMatchObject({ status: 200, end: 'complete' })
    expect(answer.text).toContain('data: [DONE]')
    expect(chain.openrouter.requests.at(-1)?.json).toMatchObject({
      model: body.model,
      provider: { zdr: true, data_collection: 'deny', only: ['here'] },
    })
    expect(chain.openrouter.violations).toEqual([])
  })
})

test('of three machines that stream at once, two do not notice that the sshd of the third is killed', async () => {
  reply = { text: 'word '.repeat(400), chunkDelayMs: 20 }
  const [one, two, three] = (await Promise.all(
    NAMES.map((name) => open(`${chain.client(name).url}/v1/chat/completions`, { body: STREAMED_CHAT })),
  )) as [OpenAnswer, OpenAnswer, OpenAnswer]
  await Promise.all([one, two, three].map((answer) => answer.events(10)))
  const mark = chain.states().length
  const host = chain.client('one').sshd
  await host.stop()
  expect(await one.ended).toBe('broken')
  expect(one.text()).not.toContain('[DONE]')
  const whileDown = [two.text().length, three.text().length] as const
  await two.events(20 + two.text().split('\n\n').length)
  await host.start()

  expect(await Promise.all([two.ended, three.ended])).toEqual(['complete', 'complete'])
  expect(two.text().length).toBeGreaterThan(whileDown[0])
  reply = { text: 'word '.repeat(400) }
  const expected = await fromCopilot('/chat/completions', STREAMED_CHAT)
  expect(two.text()).toBe(expected)
  expect(three.text()).toBe(expected)

  await chain.connected()
  const others = chain
    .states()
    .slice(mark)
    .flatMap(({ clients, relay }) => [
      relay.link.phase,
      ...clients.filter(({ name }) => name !== 'one').flatMap(({ link, path }) => [link.phase, path.kind]),
    ])
  expect(new Set(others)).toEqual(new Set(['connected', 'proven']))
  const again = await ask(`${chain.client('one').url}/v1/chat/completions`, { body: STREAMED_CHAT })
  expect(again).toMatchObject({ status: 200, end: 'complete', text: expected })
})
